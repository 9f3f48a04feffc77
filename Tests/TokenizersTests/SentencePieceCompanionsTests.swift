import Foundation
import Testing

@testable import Tokenizers

@Suite("Files beside a SentencePiece model")
struct SentencePieceCompanionsTests {
    private static let listed = ["added_tokens.json": #"{"<|im_start|>": 280, "<|im_end|>": 281}"#]

    /// Writes a model of 280 pieces, or of 28 without bytes, with `files` beside it.
    private func write(byteFallback: Bool = true, _ files: [String: String], to folder: URL) throws {
        let training = SentencePieceTraining(vocabularySize: byteFallback ? 280 : 28, byteFallback: byteFallback)
        let trained = try SentencePieceTokenizer.train(on: ["a cat and a hat and that cat"], training)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try trained.save(to: folder.appendingPathComponent("tokenizer.model"))
        for (name, content) in files { try Data(content.utf8).write(to: folder.appendingPathComponent(name)) }
    }

    private func load(byteFallback: Bool = true, _ files: [String: String]) throws -> SentencePieceTokenizer {
        try Fixtures.withFolder { folder in
            try write(byteFallback: byteFallback, files, to: folder)
            return try #require(try loadTokenizer(from: folder) as? SentencePieceTokenizer)
        }
    }

    @Test("Each added token in a text is one id, and add_bos_token says what comes first")
    func encodesAddedTokens() throws {
        let text = "<|im_start|><|im_start|><|im_start|>"
        let tokenizer = try load(Self.listed)
        #expect(tokenizer.vocabularySize == 282)
        #expect([tokenizer.bosID, tokenizer.eosID, tokenizer.padID] == [1, 2, nil])
        #expect(try tokenizer.encode(text, addingSpecialTokens: true) == [1, 280, 280, 280])
        #expect(throws: TokenizerError.unknownID(282, vocabularySize: 282)) { try tokenizer.decode([282]) }
        let config = ["tokenizer_config.json": #"{"add_bos_token": false}"#]
        let bare = try load(Self.listed.merging(config) { $1 })
        #expect(try bare.encode(text, addingSpecialTokens: true) == [280, 280, 280])
    }

    @Test(
        "Text around added tokens comes back, with a space in front of each stretch, or of the first where not legacy",
        arguments: [true, false], [true, false])
    func givesTextBack(byteFallback: Bool, isLegacy: Bool) throws {
        let size: Int32 = byteFallback ? 280 : 28
        let files = [
            "added_tokens.json": #"{"<|im_start|>": \#(size), "<|im_end|>": \#(size + 1)}"#,
            "tokenizer_config.json": #"{"legacy": \#(isLegacy)}"#,
        ]
        let tokenizer = try load(byteFallback: byteFallback, files)
        let text = "a cat<|im_start|>hat that <|im_end|> and<|im_start|>"
        let ids = try tokenizer.encode(text, addingSpecialTokens: true)
        #expect(try tokenizer.decode(ids) == text)

        let model = tokenizer.serializedModel
        let first = try Processor(model, file: "model")
        let later = try Processor(isLegacy ? model : model.withoutDummyPrefix, file: "model")
        var expected: [Int32] = [1]
        try first.encode(Array("a cat".utf8), into: &expected)
        expected.append(size)
        try later.encode(Array("hat that ".utf8), into: &expected)
        expected.append(size + 1)
        try later.encode(Array(" and".utf8), into: &expected)
        expected.append(size)
        #expect(ids == expected)
    }

    @Test("A stream gives what decoding all ids at once gives", arguments: [true, false])
    func streams(isLegacy: Bool) throws {
        let config = ["tokenizer_config.json": #"{"legacy": \#(isLegacy), "eos_token": "<|im_end|>"}"#]
        let tokenizer = try load(Self.listed.merging(config) { $1 })
        var generator = SeededGenerator(seed: 3)
        for round in 0..<60 {
            // Every other round without the bytes, among which text and added tokens are rare.
            let range: Range<Int32> = round % 2 == 0 ? 0..<282 : 259..<282
            let ids = (0..<40).map { _ in Int32.random(in: range, using: &generator) }
            var stream = TokenStream(tokenizer)
            var text = ""
            for id in ids { text += try stream.append(id) }
            text += try stream.finish()
            #expect(try text.unicodeScalars.elementsEqual(tokenizer.decode(ids).unicodeScalars), "\(ids)")
        }
    }

    @Test("tokenizer_config.json names the special tokens, which leave no text, and comes before added_tokens.json")
    func readsConfig() throws {
        let config = #"""
            {"bos_token": {"content": "<|im_start|>", "lstrip": false}, "eos_token": "<|im_end|>", "pad_token": null,
             "add_eos_token": true,
             "added_tokens_decoder": {
                "0": {"content": "<unk>", "special": true}, "280": {"content": "<|im_start|>", "special": true},
                "281": {"content": "<|im_end|>", "special": true}, "282": {"content": "<tool>", "lstrip": true}}}
            """#
        let tokenizer = try load(["tokenizer_config.json": config, "added_tokens.json": #"{"<x>": 280}"#])
        #expect([tokenizer.bosID, tokenizer.eosID, tokenizer.padID] == [280, 281, nil])
        #expect(tokenizer.vocabularySize == 283)
        let ids = try tokenizer.encode("a <tool> cat", addingSpecialTokens: true)
        #expect(ids.first == 280 && ids.last == 281)
        #expect(try tokenizer.decode(ids) == "a<tool> cat")
        #expect(try tokenizer.encode("<|im_end|><unk>", addingSpecialTokens: false) == [281, 0])
    }

    @Test("A piece of the model that tokenizer_config.json names is found in a text")
    func findsPieces() throws {
        let tokenizer = try load(["tokenizer_config.json": #"{"eos_token": "</s>"}"#])
        #expect(tokenizer.vocabularySize == 280 && tokenizer.eosID == 2)
        let ids = try tokenizer.encode("a cat</s>", addingSpecialTokens: false)
        #expect(ids.last == 2)
        #expect(try tokenizer.decode(ids) == "a cat")
    }

    @Test(
        "What contradicts the model, leaves a hole or is no JSON is named with its file",
        arguments: [
            ("added_tokens.json", #"{"<x>": 281}"#, #": "<x>": found id 281, expected id 280"#),
            ("added_tokens.json", #"{"<x>": 280, "<y>": 280}"#, "found id 280, expected id 281"),
            ("added_tokens.json", #"{"<x>": -1}"#, "found id -1, expected id 280"),
            ("added_tokens.json", #"{"<x>": 1}"#, #"another, as it is that of the model's piece "<s>""#),
            ("added_tokens.json", #"{"": 280}"#, "found id 280, expected no token without text"),
            ("added_tokens.json", "[]", ": the file: found broken JSON"),
            ("tokenizer_config.json", "{", ": the file: found broken JSON"),
            ("tokenizer_config.json", #"{"eos_token": "<end>"}"#, #": eos_token: found "<end>""#),
            ("tokenizer_config.json", #"{"eos_token": 2}"#, ": eos_token"),
            (
                "tokenizer_config.json",
                #"{"added_tokens_decoder": {"280": {"content": "<x>"}, "282": {"content": "<y>"}}}"#,
                #": "<y>": found id 282, expected id 281"#
            ),
            ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": ""}}}"#, ": added_tokens_decoder"),
        ])
    func namesFaults(file: String, content: String, expected: String) {
        #expect {
            try load([file: content])
        } throws: {
            "\($0)".contains("\(file): ") && "\($0)".contains(expected)
        }
    }

    @Test("A copy of tokenizer.model takes the files beside it along")
    func copies() throws {
        try Fixtures.withFolder { folder in
            let (source, copy) = (folder.appendingPathComponent("a"), folder.appendingPathComponent("b"))
            try write(Self.listed, to: source)
            try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
            try copyTokenizer(at: source.appendingPathComponent("tokenizer.model").path, to: copy.path)
            #expect(try loadTokenizer(from: copy).vocabularySize == 282)
        }
    }
}
