import Checkpoints
import Datasets
import Foundation
import Training

/// Leads MT-Bench's conversations with a model.
public struct ChatAnswerer {
    public let generator: TextGenerator
    public let template: PromptTemplate
    /// What the model is called in the answers.
    public let modelID: String
    /// Tokens of an answer at most.
    public var maximumTokens = 1024
    /// Each question's own where nil; see ``ChatQuestion/temperature``.
    public var temperature: Double?
    public var seed: UInt64 = 0

    public init(_ generator: TextGenerator, template: PromptTemplate, modelID: String) {
        (self.generator, self.template, self.modelID) = (generator, template, modelID)
    }

    /// Answers every question and writes FastChat's file once all are there.
    ///
    /// - Parameter progress: gets the number of questions done and of those to do.
    /// - Returns: how many turns were left unanswered because the conversation had outgrown the model's context; their
    ///   answers are empty.
    @discardableResult
    public func answer(
        _ questions: [ChatQuestion], writingTo path: String, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Int {
        var unfit = 0
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(to: path) { append in
            for (index, question) in questions.enumerated() {
                let turns = try self.turns(question, unfit: &unfit)
                let answer = ChatAnswer(
                    questionID: question.id, answerID: "\(modelID)-\(seed)-\(question.id)", modelID: modelID,
                    choices: [.init(turns: turns)], timestamp: Date().timeIntervalSince1970)
                try append(encoder.encode(answer) + [UInt8(ascii: "\n")])
                progress(index + 1, questions.count)
            }
        }
        return unfit
    }

    /// The model's side of a conversation.
    private func turns(_ question: ChatQuestion, unfit: inout Int) throws -> [String] {
        var messages: [PromptTemplate.Message] = []
        var answers: [String] = []
        for (turn, text) in question.turns.enumerated() {
            messages.append(.init(role: .user, content: text))
            let sampler = try TokenSampler(
                temperature: temperature ?? question.temperature,
                seed: seed &+ UInt64(truncatingIfNeeded: question.id &* 16 &+ turn))
            let prompt = try generator.tokens(of: template.exchanges(upTo: messages))
            var answer = ""
            if generator.fits(prompt) {
                try generator.generate(prompt, sampler, maximumTokens: maximumTokens, stops: template.stops) {
                    answer += $0
                }
            } else {
                unfit += 1
            }
            let trimmed = answer.trimmingCharacters(in: .whitespacesAndNewlines)
            answers.append(trimmed)
            messages.append(.init(role: .assistant, content: trimmed))
        }
        return answers
    }
}

extension PromptTemplate {
    /// A conversation so far, whose last exchange ends with the assistant's next turn, still empty.
    func exchanges(upTo messages: [Message]) -> [TextRecords.Exchange] {
        exchanges(messages + [.init(role: .assistant, content: "")])
    }

    /// What begins the user's next turn.
    var stops: [String] {
        switch self {
        case .alpaca: ["\n### Instruction:"]
        case .chatml: ["<|im_end|>"]
        }
    }
}
