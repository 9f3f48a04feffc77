import CSentencePiece
import Foundation

/// How to train a new SentencePiece model. The defaults are those of Llama 2's tokenizer, but for the size.
public struct SentencePieceTraining: Equatable, Sendable {
    /// How a text becomes pieces.
    public enum Model: String, Sendable, CaseIterable {
        /// Byte-pair encoding: the most frequent pair is merged, again and again.
        case bytePair = "bpe"
        /// The unigram language model of Kudo 2018 (arXiv 1804.10959).
        case unigram
    }

    /// What happens to the text before it is cut up.
    public enum Normalization: String, Sendable {
        /// Nothing: the text is kept as it is.
        case identity
        /// Unicode NFKC with SentencePiece's changes to white space.
        case nmtNFKC = "nmt_nfkc"
    }

    public var model: Model
    /// The number of ids wanted, special tokens and byte pieces included.
    public var vocabularySize: Int
    /// Whether a character without a piece becomes its UTF-8 bytes instead of the unknown token.
    public var byteFallback: Bool
    public var normalization: Normalization
    /// The share of the text's characters that get pieces of their own, in 0.98...1.
    public var characterCoverage: Double
    /// Whether each digit is a piece of its own.
    public var splitsDigits: Bool
    public var threads: Int

    public init(
        model: Model = .bytePair, vocabularySize: Int, byteFallback: Bool = true,
        normalization: Normalization = .identity, characterCoverage: Double = 0.99995, splitsDigits: Bool = true,
        threads: Int = 1
    ) {
        self.model = model
        self.vocabularySize = vocabularySize
        self.byteFallback = byteFallback
        self.normalization = normalization
        self.characterCoverage = characterCoverage
        self.splitsDigits = splitsDigits
        self.threads = threads
    }

    /// The options of spm_train. Ids 0, 1 and 2 are unknown, BOS and EOS, and there is no padding, as in Llama 2.
    var options: [(name: String, value: String)] {
        let keepsSpaces = normalization == .identity
        return [
            ("model_type", model.rawValue),
            ("vocab_size", String(vocabularySize)),
            ("byte_fallback", String(byteFallback)),
            ("normalization_rule_name", normalization.rawValue),
            ("remove_extra_whitespaces", String(!keepsSpaces)),
            ("allow_whitespace_only_pieces", String(keepsSpaces)),
            ("character_coverage", String(characterCoverage)),
            ("split_digits", String(splitsDigits)),
            ("num_threads", String(threads)),
            ("minloglevel", "3"),
        ]
    }
}

extension SentencePieceTraining {
    /// The trainer's default `max_sentence_length`, in bytes.
    static let longestSentence = 4192
    /// The trainer puts it in the place of rare characters, and never makes it a piece.
    private static let reserved: Unicode.Scalar = "\u{2585}"

    /// `line` in sentences that the trainer takes: one that is too long, or holds the reserved character, it would leave out
    /// without a word.
    ///
    /// A line too long is cut at the last space within reach, which goes, as the trainer puts one in front of each sentence;
    /// where there is none, between characters; and where one character is too long by itself, between its scalars.
    static func sentences(of line: String) -> [Substring] {
        line.unicodeScalars.split(separator: reserved).flatMap { cut(Substring($0)) }
    }

    private static func cut(_ line: Substring) -> [Substring] {
        var sentences: [Substring] = []
        var rest = line
        while rest.utf8.count > longestSentence {
            let limit = reach(of: rest)
            if let space = rest[...limit].lastIndex(of: " ") {
                sentences.append(rest[..<space])
                rest = rest[rest.index(after: space)...]
            } else {
                sentences.append(rest[..<limit])
                rest = rest[limit...]
            }
        }
        return sentences + [rest]
    }

    /// Where the longest sentence ends that `text`, which is longer, can begin with.
    private static func reach(of text: Substring) -> String.Index {
        func fits(_ end: String.Index) -> Bool {
            text.utf8.distance(from: text.startIndex, to: end) <= longestSentence
        }
        if let end = text.indices.prefix(while: fits).last, end > text.startIndex { return end }
        return text.unicodeScalars.indices.prefix(while: fits).last ?? text.endIndex
    }
}

extension SentencePieceTokenizer {
    /// Trains a model on `lines`, none of which should hold a line break.
    ///
    /// libsentencepiece leaves out lines of more than 4192 bytes and those that hold U+2585. They are cut up here, so that
    /// all the rest of the text counts.
    ///
    /// - Throws: `TokenizerError.trainingFailed`, for instance if the text is too short for the vocabulary wanted.
    public static func train(
        on lines: some Sequence<String>, _ training: SentencePieceTraining
    ) throws(TokenizerError) -> SentencePieceTokenizer {
        var text: [UInt8] = []
        var ends: [Int] = []
        for line in lines {
            for sentence in SentencePieceTraining.sentences(of: line) {
                text += sentence.utf8
                ends.append(text.count)
            }
        }
        guard !text.isEmpty else { throw .trainingFailed(reason: "the text is empty") }
        let model = try serializedModel(of: text, lineEnds: ends, training)
        return try SentencePieceTokenizer(model: model, name: "the new model", addingBOS: true, addingEOS: false)
    }

    private static func serializedModel(
        of text: [UInt8], lineEnds: [Int], _ training: SentencePieceTraining
    ) throws(TokenizerError) -> Data {
        let names = training.options.map { $0.name.utf8CString }
        let values = training.options.map { $0.value.utf8CString }
        var model: UnsafeMutableRawPointer?
        var count = 0
        let status = withCStrings(names) { names in
            withCStrings(values) { values in
                let options = zip(names, values).map { csp_option(name: $0, value: $1) }
                return text.withUnsafeBytes { text in
                    csp_train(
                        options, options.count, text.baseAddress?.assumingMemoryBound(to: CChar.self), lineEnds,
                        lineEnds.count, &model, &count)
                }
            }
        }
        guard status == CSP_OK else { throw .trainingFailed(reason: lastError()) }
        defer { csp_release(model) }
        return Data(bytes: UnsafeRawPointer(model!), count: count)
    }

    /// Calls `body` with the addresses of zero-terminated strings laid end to end.
    private static func withCStrings<Result>(
        _ strings: [ContiguousArray<CChar>], _ body: ([UnsafePointer<CChar>]) -> Result
    ) -> Result {
        Array(strings.joined()).withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress!
            var addresses: [UnsafePointer<CChar>] = []
            for string in strings {
                addresses.append(next)
                next += string.count
            }
            return body(addresses)
        }
    }
}
