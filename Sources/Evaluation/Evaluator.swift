import Checkpoints
import Foundation
import Training

/// Puts a task's questions to a model and judges what it says.
public struct Evaluator {
    public let questions: QuestionSet
    /// Completions a question.
    public let samples: Int
    /// Tokens of a completion at most.
    public let maximumTokens: Int

    public init(_ questions: QuestionSet, samples: Int = 1, maximumTokens: Int = 512) {
        precondition(samples >= 1 && maximumTokens >= 1, "at least one sample of at least one token")
        (self.questions, self.samples, self.maximumTokens) = (questions, samples, maximumTokens)
    }

    /// One completion, a line of the file that is written.
    struct Entry: Codable {
        var id: String
        var sample: Int
        var prompt: String
        var completion: String
        var isRight: Bool
        var note: String?

        enum CodingKeys: String, CodingKey {
            case id, sample, prompt, completion, note
            case isRight = "correct"
        }

        init(_ question: Question, _ sample: Int, _ completion: String, _ verdict: Verdict) {
            (id, self.sample, prompt, self.completion) = (question.id, sample, question.prompt, completion)
            (isRight, note) = (verdict.isRight, verdict.note)
        }
    }

    /// Generates and judges every completion and writes them, one JSON object a line, once all are there.
    ///
    /// - Parameters:
    ///   - sampler: its seed is that of the first completion.
    ///   - progress: gets the number of questions done and of those to do.
    /// - Returns: the task's metrics by name. A prompt that leaves the model no room counts as answered wrongly, and as one
    ///   of `prompts_too_long`.
    public func evaluate(
        _ generator: TextGenerator, _ sampler: TokenSampler, writingTo path: String,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [String: Double] {
        var right: [Int] = []
        var unfit = 0
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(to: path) { append in
            for (index, question) in questions.questions.enumerated() {
                let tokens = try generator.tokens(of: question.prompt)
                let isUnfit = !generator.fits(tokens)
                unfit += isUnfit ? 1 : 0
                let entries = try (0..<samples).map { sample in
                    isUnfit
                        ? Entry(
                            question, sample, "", Verdict(isRight: false, note: "a prompt of \(tokens.count) tokens"))
                        : try entry(question, sample, index, generator, sampler)
                }
                for entry in entries { try append(encoder.encode(entry) + [UInt8(ascii: "\n")]) }
                right.append(entries.count(where: \.isRight))
                progress(index + 1, questions.questions.count)
            }
        }
        return metrics(right: right, unfit: unfit)
    }

    private func entry(
        _ question: Question, _ sample: Int, _ index: Int, _ generator: TextGenerator, _ sampler: TokenSampler
    ) throws -> Entry {
        var sampler = sampler
        sampler.seed &+= UInt64(index * samples + sample)
        var completion = ""
        try generator.generate(question.prompt, sampler, maximumTokens: maximumTokens, stops: questions.stops) {
            completion += $0
        }
        return Entry(question, sample, completion, try question.judge(completion))
    }

    /// - Parameters:
    ///   - right: the right samples of each question.
    ///   - unfit: the questions that were too long to be put.
    func metrics(right: [Int], unfit: Int = 0) -> [String: Double] {
        func mean(_ k: Int) -> Double {
            right.reduce(0) { $0 + passAtK(k, count: samples, right: $1) } / Double(right.count)
        }
        let ks = [1, 10, 100].filter { $0 <= samples }
        var metrics = Dictionary(uniqueKeysWithValues: ks.map { ("\(questions.task.rawValue)/pass@\($0)", mean($0)) })
        // With one sample a question, the share of right answers is what everybody calls accuracy.
        if !questions.task.isCode {
            metrics["\(questions.task.rawValue)/accuracy"] = metrics.removeValue(
                forKey: "\(questions.task.rawValue)/pass@1")
        }
        metrics["\(questions.task.rawValue)/questions"] = Double(right.count)
        if unfit > 0 { metrics["\(questions.task.rawValue)/prompts_too_long"] = Double(unfit) }
        return metrics
    }
}
