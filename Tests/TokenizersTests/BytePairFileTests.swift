import Foundation
import Testing

@testable import Tokenizers

@Suite("Files of byte-level BPE")
struct BytePairFileTests {
    /// The smallest file that loads: `a`, `b`, `ab` and one special token.
    private static let minimal = #"""
        {"added_tokens": [{"id": 3, "content": "<end>", "special": true}],
         "normalizer": null,
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
         "post_processor": null, "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
        """#

    private func load(_ json: String) throws -> BytePairTokenizer {
        try Fixtures.withFile(Data(json.utf8)) { try BytePairTokenizer(contentsOf: $0) }
    }

    private func message(of json: String) -> String? {
        do {
            _ = try load(json)
            return nil
        } catch {
            return (error as? TokenizerError)?.description
        }
    }

    private func edited(_ old: String, _ new: String) throws -> String {
        try #require(Self.minimal.contains(old))
        return Self.minimal.replacingOccurrences(of: old, with: new)
    }

    @Test("The smallest file encodes, and both forms of merges mean the same")
    func readsBothMergeForms() throws {
        for json in [Self.minimal, try edited(#"["a b"]"#, #"[["a", "b"]]"#)] {
            let tokenizer = try load(json)
            #expect(try tokenizer.encode("abba<end>", addingSpecialTokens: true) == [2, 1, 0, 3])
            #expect(try tokenizer.decode([2, 1, 0, 3]) == "abba")
            #expect(tokenizer.vocabularySize == 4)
        }
    }

    @Test("A byte without a token is an error, or the unknown token where there is one")
    func handlesMissingBytes() throws {
        #expect(throws: TokenizerError.unencodable(byte: UInt8(ascii: "c"))) {
            try load(Self.minimal).encode("abc", addingSpecialTokens: false)
        }
        let unknown = try edited(#""type": "BPE","#, #""type": "BPE", "unk_token": "b","#)
        #expect(try load(unknown).encode("bcc", addingSpecialTokens: false) == [1, 1, 1])
    }

    @Test(
        "A component that is not supported is named with its place",
        arguments: [
            (#""normalizer": null"#, #""normalizer": {"type": "Lowercase"}"#, #"normalizer.type: "Lowercase""#),
            (
                #""normalizer": null"#,
                #""normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFKC"}]}"#,
                #"normalizer.normalizers[1].type: "NFKC""#
            ),
            (
                #"{"type": "ByteLevel", "add"#, #"{"type": "Metaspace", "add"#,
                #"pre_tokenizer: a chain that ends in "Metaspace""#
            ),
            (#""type": "BPE""#, #""type": "WordPiece""#, #"model.type: "WordPiece""#),
            (#""type": "BPE""#, #""type": "BPE", "dropout": 0.1"#, "model.dropout: 0.1"),
            (#""type": "BPE""#, #""type": "BPE", "byte_fallback": true"#, "model.byte_fallback: true"),
            (#""type": "BPE""#, #""type": "BPE", "end_of_word_suffix": "</w>""#, "model.end_of_word_suffix"),
            (
                #""post_processor": null"#, #""post_processor": {"type": "BertProcessing"}"#,
                #"post_processor.type: "BertProcessing""#
            ),
            (#""decoder": {"type": "ByteLevel"}"#, #""decoder": {"type": "Fuse"}"#, #"decoder.type: "Fuse""#),
        ])
    func namesUnsupported(old: String, new: String, expected: String) throws {
        let message = try #require(message(of: try edited(old, new)))
        #expect(message.contains(expected))
        #expect(message.contains("is not supported; supported: "))
    }

    @Test(
        "What does not fit together is named with its place",
        arguments: [
            (#""ab": 2"#, #""ab": 7"#, #"token "ab" with id 7"#),
            (#""ab": 2"#, #""ab": -1"#, #"token "ab" with id -1"#),
            (#""ab": 2"#, #""ab": 1"#, "model.vocab and added_tokens"),
            (#""ab": 2"#, #""ab": 3000000000"#, "model.vocab"),
            (#""ab": 2"#, #""ab": "2""#, "model.vocab"),
            (#"["a b"]"#, #"["a b", "a c"]"#, #"model.merges[1]: found the token "ac""#),
            (#"["a b"]"#, #"["a b c"]"#, "model.merges[0]"),
            (#"["a b"]"#, #"[["a"]]"#, "model.merges[0]"),
            (#""merges": ["a b"]"#, #""merge": []"#, "model.merges: found no such key"),
            (#""<end>""#, #""a""#, #""a" with ids 0 and 3"#),
            (#""content": "<end>""#, #""content": """#, "an empty added token, id 3"),
            (#""type": "BPE""#, #""type": "BPE", "unk_token": "u""#, #"model.unk_token: found "u""#),
        ])
    func namesMisfits(old: String, new: String, expected: String) throws {
        let message = try #require(message(of: try edited(old, new)))
        #expect(message.contains(expected), "\(message)")
    }

    @Test("A file cut off anywhere is an error")
    func refusesTruncatedJSON() throws {
        let whole = Array(Self.minimal.utf8)
        for count in 0..<whole.count {
            let part = String(decoding: whole[..<count], as: UTF8.self)
            #expect(throws: TokenizerError.self) { try load(part) }
        }
    }

    @Test("A template that names tokens it does not define, or has no sequence, is an error")
    func refusesBrokenTemplates() throws {
        func template(_ single: String, _ tokens: String) throws -> String {
            try edited(
                #""post_processor": null"#,
                #""post_processor": {"type": "TemplateProcessing", "#
                    + #""single": [\#(single)], "special_tokens": {\#(tokens)}}"#
            )
        }
        let end = #"{"SpecialToken": {"id": "<end>", "type_id": 0}}"#
        let sequence = #"{"Sequence": {"id": "A", "type_id": 0}}"#
        let defined = #""<end>": {"id": "<end>", "ids": [3], "tokens": ["<end>"]}"#
        #expect(
            try load(template("\(end), \(sequence), \(end)", defined)).encode("b", addingSpecialTokens: true) == [
                3, 1, 3,
            ])
        #expect(message(of: try template("\(sequence), \(end)", ""))?.contains("single[1]") == true)
        #expect(message(of: try template(end, defined))?.contains("0 sequences") == true)
        let outside = defined.replacingOccurrences(of: "[3]", with: "[9]")
        #expect(throws: TokenizerError.unknownID(9, vocabularySize: 4)) {
            try load(template("\(end), \(sequence)", outside))
        }
    }

    @Test("tokenizer_config.json beside it names BOS, EOS and padding")
    func readsConfig() throws {
        try Fixtures.withFolder { folder in
            let file = folder.appendingPathComponent("tokenizer.json")
            let config = folder.appendingPathComponent("tokenizer_config.json")
            try Data(Self.minimal.utf8).write(to: file)
            try Data(#"{"bos_token": null, "eos_token": {"content": "<end>"}, "pad_token": "a"}"#.utf8).write(
                to: config)
            let tokenizer = try BytePairTokenizer(contentsOf: file)
            #expect([tokenizer.bosID, tokenizer.eosID, tokenizer.padID] == [nil, 3, 0])
            try Data(#"{"eos_token": "<nowhere>"}"#.utf8).write(to: config)
            #expect(throws: TokenizerError.self) { try BytePairTokenizer(contentsOf: file) }
            #expect(try BytePairTokenizer(contentsOf: file, special: .init(eos: 3)).eosID == 3)
        }
    }

    @Test("GPT-2's two files load, and a line that is no merge is named by its number")
    func readsGPT2Files() throws {
        try Fixtures.withFolder { folder in
            let encoder = folder.appendingPathComponent("encoder.json")
            let merges = folder.appendingPathComponent("vocab.bpe")
            try Data(#"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"#.utf8).write(to: encoder)
            try Data("#version: 0.2\na b\n".utf8).write(to: merges)
            let tokenizer = try #require(try loadTokenizer(from: folder) as? BytePairTokenizer)
            #expect(try tokenizer.encode("aba<|endoftext|>", addingSpecialTokens: true) == [2, 0, 3])
            #expect(tokenizer.eosID == 3)
            for (line, found) in [("b a", "the token \"ba\""), ("a b c", "\"a b c\""), ("ab", "\"ab\"")] {
                try Data("#version: 0.2\na b\n\(line)\n".utf8).write(to: merges)
                #expect {
                    try BytePairTokenizer(encoder: encoder, merges: merges)
                } throws: { "\($0)".contains("vocab.bpe: line 3: found \(found)") }
            }
        }
    }

    @Test("A folder or file that is not there is named")
    func namesMissingFiles() throws {
        try Fixtures.withFolder { folder in
            #expect { try loadTokenizer(from: folder) } throws: { "\($0)".contains("no tokenizer found") }
            let file = folder.appendingPathComponent("tokenizer.json")
            #expect(throws: TokenizerError.unreadable(file: file.path, reason: "no such file")) {
                try BytePairTokenizer(contentsOf: file)
            }
        }
    }
}
