import Datasets
import Foundation
import Models
import Tokenizers

/// Texts and how they become tokens.
protocol LanguageData: Sendable {
    /// Whether each example has one right answer, so that its being met can be measured.
    var hasExactAnswers: Bool { get }
    /// `characters`, or a path of a tokenizer.
    var tokenizer: String { get }
    /// That of a fresh model.
    func makeTokenizer() throws -> any Tokenizer
    /// - Parameter context: the most tokens of an example.
    func load(
        _ tokenizer: any Tokenizer, context: Int
    ) throws -> (training: TextDataset, validation: TextDataset)
    /// Tokens of an example at most; the model's context where nil.
    var context: Int? { get }
    /// Whether several examples share a row of a batch.
    var packing: Bool { get }
}

extension LanguageData {
    /// The tokenizer for a stored model: where the data names none, the model's own, since its weights know the tokens by
    /// their numbers.
    func makeTokenizer(forModelAt path: String) throws -> any Tokenizer {
        guard tokenizer == BuiltInTokenizer.characters else { return try makeTokenizer() }
        let own = try StoredLanguageModel.tokenizerPath(path)
        guard holdsTokenizer(own) else {
            throw TrainingError.mismatch(
                what: "data.tokenizer", found: tokenizer,
                expected: "the path of a tokenizer, since none can be found for the model \(path)")
        }
        return try loadTokenizer(at: own)
    }
}

extension DataSettings {
    /// Where the tokenizer lies; nil where there is none, or where it is made from the data.
    var tokenizerPath: String? {
        let named: String? =
            switch self {
            case .text(let data): data.tokenizer
            case .wordProblems(let data): data.tokenizer
            default: nil
            }
        return named == BuiltInTokenizer.characters ? nil : named
    }
}

/// How text becomes tokens, unless a path names a tokenizer's folder or file.
enum BuiltInTokenizer {
    /// One made from the data's own characters.
    static let characters = "characters"
}

/// A text, or records of text, in files.
public struct TextData: Codable, Sendable, Equatable, LanguageData {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// One text, cut into blocks; its end is held out.
        case text
        /// Records with prompts and responses, or with texts: an object a line, or an array of them.
        case jsonl, json
    }

    /// What a file holds: one text, records a line, or an array of records.
    public var kind: Kind
    /// The file.
    public var path: String
    /// What is held out of records; a share of `path` where absent.
    public var testPath: String?
    /// Share that is held out, where there is no `test_path`: of a text its end, of records whole ones.
    public var testShare = 0.1
    /// `characters`, one made from the data's own, or a path of a tokenizer. With `model.init_from`, `characters` stands for
    /// the tokenizer of the model there, and is refused where that has none.
    public var tokenizer = BuiltInTokenizer.characters
    /// Tokens of an example at most; the model's context where absent.
    public var context: Int?
    /// What the instructions and messages of records are put into.
    public var template = PromptTemplate.alpaca
    /// Whether several examples share a row of at most `context` tokens, none seeing another; else examples of similar
    /// length are batched together, one a row.
    public var packing = false
    /// At most so many training examples; all where absent.
    public var limit: Int?

    public init(kind: Kind, path: String) { (self.kind, self.path) = (kind, path) }

    enum CodingKeys: String, CodingKey {
        case kind, path, tokenizer, context, template, packing, limit
        case testPath = "test_path"
        case testShare = "test_share"
    }

    var hasExactAnswers: Bool { false }

    func validate() throws(SettingError) {
        guard testShare > 0, testShare < 1 else {
            throw SettingError(key: "test_share", found: "\(testShare)", expected: "above 0 and below 1")
        }
        guard context ?? 1 >= 1 else {
            throw SettingError(key: "context", found: "\(context ?? 0)", expected: "at least 1")
        }
        guard limit ?? 1 >= 1 else { throw SettingError(key: "limit", found: "\(limit ?? 0)", expected: "at least 1") }
        if let testPath, kind == .text {
            throw SettingError(key: "test_path", found: testPath, expected: "none for text, whose end is held out")
        }
    }

    func makeTokenizer() throws -> any Tokenizer {
        guard tokenizer == BuiltInTokenizer.characters else { return try loadTokenizer(at: tokenizer) }
        return switch kind {
        case .text: CharacterTokenizer(of: try TextFile(path).text.unicodeScalars)
        case .jsonl, .json: CharacterTokenizer(of: try TextRecords(path, template: template).scalars)
        }
    }

    func load(
        _ tokenizer: any Tokenizer, context: Int
    ) throws -> (training: TextDataset, validation: TextDataset) {
        var (training, validation) = try parts(tokenizer, context)
        if let limit { training = try training.limited(to: limit) }
        return (training, validation)
    }

    private func parts(_ tokenizer: any Tokenizer, _ context: Int) throws -> (TextDataset, TextDataset) {
        guard kind != .text else {
            let (training, validation) = try TextFile(path).blocks(tokenizer, context: context, testShare: testShare)
            return (training, validation)
        }
        let all = try TextRecords(path, template: template).dataset(tokenizer, context: context)
        if let testPath {
            return (all, try TextRecords(testPath, template: template).dataset(tokenizer, context: context))
        }
        let (training, validation) = try all.split(testShare: testShare)
        return (training, validation)
    }
}

/// Generated arithmetic problems in words, learnt for their answers.
public struct WordProblemData: Codable, Sendable, Equatable, LanguageData {
    public enum Kind: String, Codable, Sendable, CaseIterable { case wordProblems = "word-problems" }

    /// `word-problems`.
    public var kind = Kind.wordProblems
    /// Training problems.
    public var count: Int
    /// Problems held out.
    public var testCount = 1000
    /// The easiest and the hardest level, in 1...5.
    public var levels = [1, 5]
    /// Share of the training problems that repeat an earlier one.
    public var redundancy = 0.0
    /// Share of the training problems whose answer is wrong.
    public var labelNoise = 0.0
    /// Which problems: every run of a comparison sees the same.
    public var seed: UInt64 = 0
    /// `characters`, those of all problems, or a path of a tokenizer. With `model.init_from`, `characters` stands for
    /// the tokenizer of the model there, and is refused where that has none.
    public var tokenizer = BuiltInTokenizer.characters
    /// Whether several problems share a row of a batch, none seeing another.
    public var packing = false

    public init(count: Int) { self.count = count }

    enum CodingKeys: String, CodingKey {
        case kind, count, levels, redundancy, seed, tokenizer, packing
        case testCount = "test_count"
        case labelNoise = "label_noise"
    }

    var context: Int? { nil }
    var hasExactAnswers: Bool { true }

    func validate() throws(SettingError) {
        for (key, value) in [("count", count), ("test_count", testCount)] where value < 1 || value > 1 << 30 {
            throw SettingError(key: key, found: "\(value)", expected: "at least 1 and at most \(1 << 30)")
        }
        guard levels.count == 2, levels[0] <= levels[1], levels.allSatisfy(WordProblem.levels.contains) else {
            throw SettingError(key: "levels", found: "\(levels)", expected: "the easiest and the hardest, of 1 to 5")
        }
        for (key, share) in [("redundancy", redundancy), ("label_noise", labelNoise)] where !(0...1).contains(share) {
            throw SettingError(key: key, found: "\(share)", expected: "a share in 0...1")
        }
    }

    func makeTokenizer() throws -> any Tokenizer {
        tokenizer == BuiltInTokenizer.characters
            ? CharacterTokenizer(of: WordProblemSet.scalars) : try loadTokenizer(at: tokenizer)
    }

    func load(
        _ tokenizer: any Tokenizer, context: Int
    ) throws -> (training: TextDataset, validation: TextDataset) {
        let problems = WordProblemSet(
            count: count, testCount: testCount, levels: levels[0]...levels[1], redundancy: redundancy,
            labelNoise: labelNoise, seed: seed)
        return try problems.datasets(tokenizer, context: context)
    }
}
