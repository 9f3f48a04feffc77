import Foundation
import Testing

@testable import Tokenizers

@Suite("llama2.c's tokenizer.bin")
struct Llama2CTests {
    /// Three special tokens, the bytes, then `extra`.
    private static func file(_ extra: [(String, Float)]) -> Data {
        var data = Data(word(8))
        let special = ["<unk>", "\n<s>\n", "\n</s>\n"] + (0..<256).map { String(format: "<0x%02X>", $0) }
        for (text, score) in special.map({ ($0, Float(0)) }) + extra {
            data += word(score.bitPattern) + word(UInt32(text.utf8.count)) + Array(text.utf8)
        }
        return data
    }

    private static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    @Test("The pair that makes the highest score merges first, of equals the leftmost")
    func mergesByScore() throws {
        let file = Self.file([(" ", -9), ("a", -9), ("b", -9), ("aa", -2), ("ab", -1), (" a", -3), ("ba", -1)])
        try Fixtures.withFile(file) { file in
            let tokenizer = try Llama2CTokenizer(contentsOf: file)
            #expect(try tokenizer.encode("aab", addingSpecialTokens: true) == [1, 264, 263])
            #expect(try tokenizer.encode("aba", addingSpecialTokens: false) == [259, 263, 260])
            #expect(try tokenizer.encode("é", addingSpecialTokens: false) == [259, 0xC3 + 3, 0xA9 + 3])
            #expect(try tokenizer.encode("", addingSpecialTokens: false) == [])
            #expect(try tokenizer.decode([1, 264, 263, 259, 0xC3 + 3, 0xA9 + 3]) == "aab é")
        }
    }

    @Test("A file that ends early, lies about a size or holds too little is an error")
    func refusesBadFiles() throws {
        let whole = Self.file([("a", -1)])
        for count in stride(from: 0, to: whole.count - 1, by: 41) {
            #expect(throws: TokenizerError.self) {
                try Fixtures.withFile(whole.prefix(count)) { try Llama2CTokenizer(contentsOf: $0) }
            }
        }
        let lying = whole + Data(Self.word(0) + Self.word(.max) + [65])
        try Fixtures.withFile(lying) { file in
            _ = #expect {
                try Llama2CTokenizer(contentsOf: file)
            } throws: { "\($0)".contains("found a token of 4294967295 bytes, expected at most 8") }
        }
        let endless = whole + Data(Self.word(Float.nan.bitPattern) + Self.word(0))
        #expect(throws: TokenizerError.self) {
            try Fixtures.withFile(endless) { try Llama2CTokenizer(contentsOf: $0) }
        }
    }
}
