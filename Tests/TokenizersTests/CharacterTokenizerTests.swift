import Foundation
import Testing

@testable import Tokenizers

@Suite("Character tokenizer") struct CharacterTokenizerTests {
    @Test("text comes back, and what it was not made from is unknown") func roundTrip() throws {
        let text = "Zo\u{eb} \u{1F642}\n2"
        let tokenizer = CharacterTokenizer(of: text.unicodeScalars)
        #expect(tokenizer.vocabularySize == 2 + 7)
        let ids = tokenizer.encode(text, addingSpecialTokens: true)
        #expect(try tokenizer.decode(ids) == text)
        #expect(ids.allSatisfy { $0 >= 2 && $0 < 9 })
        #expect(try tokenizer.decode(tokenizer.encode("Z!", addingSpecialTokens: false) + [0]) == "Z\u{FFFD}")
        #expect(throws: TokenizerError.unknownID(9, vocabularySize: 9)) { try tokenizer.decode([9]) }
    }

    @Test("a folder's file makes the same tokenizer") func file() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("characters-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokenizer = CharacterTokenizer(of: "e\u{301}\u{e9}\"\\ \n".unicodeScalars)
        let file = folder.appendingPathComponent(CharacterTokenizer.fileName)
        // What a program leaves that was killed as it wrote.
        try Data("half".utf8).write(to: file.appendingPathExtension("partial"))
        try tokenizer.save(to: file)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [CharacterTokenizer.fileName])
        #expect(try CharacterTokenizer(contentsOf: file) == tokenizer)
        #expect(try loadTokenizer(from: folder) as? CharacterTokenizer == tokenizer)
        #expect(try loadTokenizer(at: file.path) as? CharacterTokenizer == tokenizer)
        try Data(#"{"characters": "aa"}"#.utf8).write(to: file)
        #expect(throws: TokenizerError.self) { try CharacterTokenizer(contentsOf: file) }
    }

    @Test("canonically equivalent characters keep their own ids in what Hugging Face's libraries read")
    func savesForTransformers() throws {
        let text = "K\u{212A};\u{37E}\u{3A9}\u{2126}\"\n"
        let tokenizer = CharacterTokenizer(of: text.unicodeScalars)
        try #require(tokenizer.vocabularySize == 2 + 8)
        try Fixtures.withFolder { folder in
            try tokenizer.saveForTransformers(to: folder.path)
            let json = try Data(contentsOf: folder.appendingPathComponent("tokenizer.json"))
            for scalar in text.unicodeScalars {
                let name = scalar == "\n" ? #"\u000a"# : scalar == "\"" ? #"\u0022"# : String(scalar)
                let id = try #require(tokenizer.encode(String(scalar), addingSpecialTokens: false).first)
                #expect(json.range(of: Data("\"\(name)\": \(id)".utf8)) != nil, "\(scalar)")
            }
            let file = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
            let model = try #require(file["model"] as? [String: Any])
            let vocabulary = try #require(model["vocab"] as? [String: Int])
            #expect([vocabulary["</s>"], vocabulary["<unk>"], vocabulary["\n"]] == [0, 1, 2])
            let config = try Data(contentsOf: folder.appendingPathComponent("tokenizer_config.json"))
            #expect(try JSONSerialization.jsonObject(with: config) is [String: Any])
        }
    }
}
