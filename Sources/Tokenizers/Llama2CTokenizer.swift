import Foundation

/// The tokenizer of llama2.c: BPE in which the pair that makes the token of the highest score merges first.
///
/// Layout of `tokenizer.bin`, little-endian: Int32 longest token in bytes, then for each token Float32 score, Int32
/// length and that many bytes. Ids 0, 1 and 2 are unknown, BOS and EOS, and 3...258 the bytes.
/// Source: https://github.com/karpathy/llama2.c (run.c, tokenizer.py)
public final class Llama2CTokenizer: Tokenizer {
    private static let firstByteID: Int32 = 3

    public let vocabularySize: Int
    public let bosID: Int32? = 1
    public let eosID: Int32? = 2
    public let padID: Int32? = nil

    private let pieces: ScoredPieces

    /// Reads a `tokenizer.bin`; its tokens go on to the end of the file.
    public init(contentsOf file: URL) throws(TokenizerError) {
        let tokens = try Llama2CTokenizerFile(contentsOf: file).tokens
        guard tokens.count >= Int(Self.firstByteID) + 256 else {
            throw .malformed(
                file: file.path, location: "the vocabulary", found: "\(tokens.count) tokens",
                expected: "at least 259: three special ones and the bytes")
        }
        pieces = ScoredPieces(tokens, byteIDs: (0..<256).map { $0 + Self.firstByteID })
        vocabularySize = tokens.count
    }

    /// With `addingSpecialTokens`, BOS comes first; nothing comes last.
    public func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = addingSpecialTokens ? [1] : []
        pieces.encode(Array(text.utf8), into: &ids)
        return ids
    }

    /// The first token that gives text loses its leading space, which `encode` put there.
    public func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        var bytes: [UInt8] = []
        var isFirst = true
        for id in ids {
            guard id >= 0, id < vocabularySize else { throw .unknownID(id, vocabularySize: vocabularySize) }
            switch id {
            case 0..<Self.firstByteID: continue
            case Self.firstByteID..<Self.firstByteID + 256: bytes.append(UInt8(id - Self.firstByteID))
            default:
                let token = pieces.bytes(of: Int(id))
                bytes += isFirst && token.first == UInt8(ascii: " ") ? token.dropFirst() : token
            }
            isFirst = false
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The content of a `tokenizer.bin`.
private struct Llama2CTokenizerFile {
    private(set) var tokens: [ScoredPieces.Piece] = []

    init(contentsOf file: URL) throws(TokenizerError) {
        let content = [UInt8](try readFile(file))
        var offset = 0
        func malformed(_ found: String, _ expected: String) -> TokenizerError {
            .malformed(file: file.path, location: "byte \(offset)", found: found, expected: expected)
        }
        func word() throws(TokenizerError) -> UInt32 {
            guard content.count - offset >= 4 else {
                throw malformed("\(content.count - offset) bytes to the end of the file", "a number of four bytes")
            }
            defer { offset += 4 }
            return content[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        let longest = try word()
        while offset < content.count {
            let score = Float(bitPattern: try word())
            guard score.isFinite else { throw malformed("the score \(score)", "a finite score") }
            let length = try word()
            guard length <= longest, length <= content.count - offset else {
                throw malformed(
                    "a token of \(length) bytes",
                    "at most \(longest), and no more than the \(content.count - offset) left")
            }
            tokens.append(.init(bytes: Array(content[offset..<offset + Int(length)]), score: score))
            offset += Int(length)
        }
    }
}
