import Datasets

/// A conversation to lead with a model: MT-Bench's `question.jsonl`.
///
/// Source: Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", NeurIPS 2023, arXiv 2306.05685; the
/// files' layouts are those of FastChat's `llm_judge`.
public struct ChatQuestion: Sendable, Equatable {
    public let id: Int
    public let category: String
    /// What the user says, turn by turn.
    public let turns: [String]
    /// Good answers, one a turn; empty where the file gives none.
    public let references: [String]

    /// Categories whose answers are judged beside a reference.
    public static let referencedCategories: Set<String> = ["math", "reasoning", "coding"]

    public var needsReference: Bool { Self.referencedCategories.contains(category) }

    /// The temperature at which FastChat samples answers of the category.
    public var temperature: Double {
        switch category {
        case "writing", "roleplay": 0.7
        case "stem", "humanities": 0.1
        case "extraction", "math", "coding", "reasoning": 0
        default: 0.7
        }
    }

    init(_ line: JSONLine) throws {
        id = try line.integer("question_id")
        category = try line.text("category")
        turns = try line.texts("turns")
        references = line.object["reference"] == nil ? [] : try line.texts("reference")
        guard !turns.isEmpty else { throw line.invalid("no turns", "at least one") }
    }

    /// - Parameter limit: the first so many questions, none where it is negative; all where nil.
    public static func all(in path: String, limit: Int? = nil) throws -> [ChatQuestion] {
        try JSONLine.all(in: path).prefix(max(0, limit ?? .max)).map(ChatQuestion.init)
    }
}

/// What a model said in a conversation: a line of FastChat's `model_answer/MODEL.jsonl`.
public struct ChatAnswer: Codable, Sendable, Equatable {
    public struct Choice: Codable, Sendable, Equatable {
        public var index = 0
        public var turns: [String]
    }

    public var questionID: Int
    public var answerID: String
    public var modelID: String
    public var choices: [Choice]
    /// Seconds since 1970.
    public var timestamp: Double

    enum CodingKeys: String, CodingKey {
        case choices
        case questionID = "question_id"
        case answerID = "answer_id"
        case modelID = "model_id"
        case timestamp = "tstamp"
    }

    /// The turns of the first choice by question, from a file of answers or of reference answers.
    public static func turns(in path: String) throws -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        for line in try JSONLine.all(in: path) {
            guard let choice = (line.object["choices"] as? [[String: Any]])?.first,
                let turns = choice["turns"] as? [String]
            else { throw line.invalid("no choices with turns", "choices: [{\"index\": 0, \"turns\": [...]}]") }
            found[try line.integer("question_id")] = turns
        }
        return found
    }
}

extension JSONLine {
    func integer(_ key: String) throws -> Int {
        guard let value = object[key] as? Int else {
            throw invalid(object[key] == nil ? "no \(key)" : "a \(key) that is no whole number", "a whole number")
        }
        return value
    }
}
