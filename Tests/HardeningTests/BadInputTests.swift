import Foundation
import TestSupport
import Testing

/// A file that is not what it should be, and the one sentence that says so.
struct BadInput: Decodable, Sendable, CustomTestStringConvertible {
    /// The parser by its name in ``Parser/all``.
    let parser: String
    let name: String
    /// The content, as text or, where it is none, in base64.
    let text: String?
    let base64: String?
    /// What is said, with FILE for the file's path.
    let error: String

    var testDescription: String { "\(parser): \(name)" }
    var bytes: Data { text.map { Data($0.utf8) } ?? Data(base64Encoded: base64 ?? "") ?? Data() }

    static let all: [BadInput] = {
        let file = Bundle.module.path(forResource: "bad-inputs", ofType: "json", inDirectory: "Resources")
        let data = file.flatMap { FileManager.default.contents(atPath: $0) } ?? Data()
        return (try? JSONDecoder().decode([BadInput].self, from: data)) ?? []
    }()
}

@Suite("Bad inputs") struct BadInputTests {
    @Test("the table covers every parser, and has a hundred cases at least") func coverage() {
        print("figure bad_inputs.cases \(BadInput.all.count)")
        #expect(BadInput.all.count >= 100)
        #expect(Set(BadInput.all.map(\.parser)) == Set(Parser.all.keys))
        #expect(Set(BadInput.all.map(\.testDescription)).count == BadInput.all.count)
    }

    @Test("each is refused with its sentence", arguments: BadInput.all) func refused(_ input: BadInput) throws {
        try withTemporaryFolder { folder in
            let parser = try #require(Parser.all[input.parser])
            for (name, bytes) in parser.companions {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            let path = "\(folder)/\(parser.fileName)"
            try input.bytes.write(to: URL(fileURLWithPath: path))
            let error = try #require(throws: (any Error).self) { try parser.read(path) }
            let sentence = "\(error)".replacingOccurrences(of: path, with: "FILE").replacingOccurrences(
                of: folder, with: "FOLDER")
            #expect(sentence == input.error)
        }
    }
}
