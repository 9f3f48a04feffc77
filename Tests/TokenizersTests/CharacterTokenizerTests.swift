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
}
