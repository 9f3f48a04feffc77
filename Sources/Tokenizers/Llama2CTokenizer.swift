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

    private let vocabulary: Vocabulary
    private let merges: MergeTable
    private let mergers = Pool(PairMerger.init)

    /// Reads a `tokenizer.bin`; its tokens go on to the end of the file.
    public init(contentsOf file: URL) throws(TokenizerError) {
        let tokens = try Llama2CTokenizerFile(contentsOf: file).tokens
        guard tokens.count >= Int(Self.firstByteID) + 256 else {
            throw .malformed(
                file: file.path, location: "the vocabulary", found: "\(tokens.count) tokens",
                expected: "at least 259: three special ones and the bytes")
        }
        vocabulary = Vocabulary(tokens.map(\.bytes)) { _ in true }
        merges = Self.mergeTable(tokens, vocabulary)
        vocabularySize = tokens.count
    }

    /// With `addingSpecialTokens`, BOS comes first; nothing comes last.
    public func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32] {
        let prefix: [Int32] = addingSpecialTokens ? [1] : []
        guard !text.isEmpty else { return prefix }
        var tokens: [Int32] = []
        for scalar in (" " + text).unicodeScalars {
            let bytes = Array(UTF8.encode(scalar)!)
            if let id = vocabulary.id(of: bytes) {
                tokens.append(id)
            } else {
                tokens += bytes.map { Int32($0) + Self.firstByteID }
            }
        }
        let merger = mergers.take()
        merger.merge(&tokens, by: merges)
        mergers.give(merger)
        return prefix + tokens
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
                let token = vocabulary.bytes(of: Int(id))
                bytes += isFirst && token.first == UInt8(ascii: " ") ? token.dropFirst() : token
            }
            isFirst = false
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Each way to make a token of two others merges at the rank of the token's score; equal scores share a rank.
    private static func mergeTable(_ tokens: [Llama2CTokenizerFile.Token], _ vocabulary: Vocabulary) -> MergeTable {
        var table = MergeTable(minimumCapacity: tokens.count * 4)
        let scores = Set(tokens.map(\.score)).sorted(by: >)
        let ranks = Dictionary(uniqueKeysWithValues: zip(scores, UInt32(0)...))
        for token in tokens where token.bytes.count > 1 {
            guard let id = vocabulary.id(of: token.bytes), let rank = ranks[token.score] else { continue }
            for cut in 1..<token.bytes.count {
                guard let left = vocabulary.id(of: Array(token.bytes[..<cut])),
                    let right = vocabulary.id(of: Array(token.bytes[cut...]))
                else { continue }
                table.insert(left, right, .init(rank: rank, token: id))
            }
        }
        return table
    }
}

/// The content of a `tokenizer.bin`.
private struct Llama2CTokenizerFile {
    struct Token {
        let score: Float
        let bytes: [UInt8]
    }

    private(set) var tokens: [Token] = []

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
                    "a token of \(length) bytes", "at most \(longest), and no more than the \(content.count - offset) left")
            }
            tokens.append(Token(score: score, bytes: Array(content[offset..<offset + Int(length)])))
            offset += Int(length)
        }
    }
}
