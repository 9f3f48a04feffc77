import Checkpoints
import Datasets
import Foundation

/// Has a judge rate a model's answers one by one (single-answer grading), in FastChat's layout.
public struct ChatJudge {
    public let endpoint: ChatEndpoint
    public let prompts: [String: JudgePrompt]

    public init(_ endpoint: ChatEndpoint, prompts: [String: JudgePrompt]) {
        (self.endpoint, self.prompts) = (endpoint, prompts)
    }

    /// A line of FastChat's `model_judgment/JUDGE_single.jsonl`.
    struct Judgment: Codable, Equatable {
        var questionID: Int
        var model: String
        /// The judge's model and the prompt's name.
        var judge: [String]
        var userPrompt: String
        var judgment: String
        /// 1 to 10; -1 where the judgment holds no rating.
        var score: Double
        /// Counted from 1.
        var turn: Int
        var timestamp: Double

        enum CodingKeys: String, CodingKey {
            case model, judge, judgment, score, turn
            case questionID = "question_id"
            case userPrompt = "user_prompt"
            case timestamp = "tstamp"
        }
    }

    /// One rating to ask for.
    struct Match {
        let question: ChatQuestion
        let turn: Int
        let prompt: JudgePrompt
        let text: String
    }

    /// Rates every turn and writes the judgments. They are paid for, so each is kept in `PATH.partial` as soon as it is
    /// there: an interrupted judging goes on after the last of them.
    ///
    /// - Parameters:
    ///   - answers: the model's turns by question.
    ///   - references: good answers by question; where a question that needs one has none here, its own are taken.
    ///   - progress: gets the number of ratings done and of those to do.
    /// - Returns: mean scores by turn, by category and of all, and how many judgments held no rating.
    public func judge(
        _ questions: [ChatQuestion], _ answers: [Int: [String]], references: [Int: [String]] = [:], model: String,
        writingTo path: String, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [String: Double] {
        let matches = try questions.flatMap { try self.matches($0, answers[$0.id], references[$0.id] ?? $0.references) }
        let log = JudgmentLog(path: path)
        var judgments = try log.kept(matches, judge: endpoint.model, model: model)
        for match in matches.dropFirst(judgments.count) {
            let reply = try endpoint.reply(system: match.prompt.system, user: match.text)
            let judgment = Judgment(
                questionID: match.question.id, model: model, judge: [endpoint.model, match.prompt.name],
                userPrompt: match.text, judgment: reply, score: JudgePrompt.rating(in: reply) ?? -1, turn: match.turn,
                timestamp: Date().timeIntervalSince1970)
            try log.append(judgment)
            judgments.append(judgment)
            progress(judgments.count, matches.count)
        }
        try log.finish()
        return Self.metrics(zip(matches, judgments).map { ($0.question.category, $0.turn, $1.score) })
    }

    private func matches(_ question: ChatQuestion, _ answers: [String]?, _ references: [String]) throws -> [Match] {
        guard let answers, answers.count == question.turns.count else {
            throw EvaluationError.conversation(
                question: question.id, found: "\(answers?.count ?? 0) answers", expected: "\(question.turns.count)")
        }
        guard !question.needsReference || references.count == question.turns.count else {
            throw EvaluationError.conversation(
                question: question.id, found: "\(references.count) reference answers",
                expected: "\(question.turns.count), as answers in \(question.category) are judged beside one")
        }
        var values = ["question": question.turns[0], "answer": answers[0]]
        return try question.turns.indices.map { index in
            values["question_\(index + 1)"] = question.turns[index]
            values["answer_\(index + 1)"] = answers[index]
            if question.needsReference { values["ref_answer_\(index + 1)"] = references[index] }
            let name = JudgePrompt.name(for: question, turn: index + 1)
            guard let prompt = prompts[name] else {
                throw EvaluationError.conversation(
                    question: question.id, found: "no judge prompt \(name)", expected: "one in the file of prompts")
            }
            return Match(question: question, turn: index + 1, prompt: prompt, text: prompt.filled(values))
        }
    }

    /// Means over the judgments that hold a rating.
    static func metrics(_ scores: [(category: String, turn: Int, score: Double)]) -> [String: Double] {
        var sums: [String: (total: Double, count: Int)] = [:]
        for score in scores where score.score >= 0 {
            for name in ["score", "turn_\(score.turn)", score.category] {
                let sum = sums[name] ?? (0, 0)
                sums[name] = (sum.total + score.score, sum.count + 1)
            }
        }
        var metrics = Dictionary(
            uniqueKeysWithValues: sums.map { ("mt-bench/\($0.key)", $0.value.total / Double($0.value.count)) })
        metrics["mt-bench/ratings"] = Double(scores.count { $0.score >= 0 })
        metrics["mt-bench/unrated"] = Double(scores.count { $0.score < 0 })
        return metrics
    }
}
