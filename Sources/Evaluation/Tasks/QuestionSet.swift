import Datasets

/// What a completion is worth.
public struct Verdict: Sendable, Equatable {
    public var isRight: Bool
    /// The answer found, or what a program failed with.
    public var note: String?

    public init(isRight: Bool, note: String? = nil) { (self.isRight, self.note) = (isRight, note) }
}

/// One thing to ask a model.
public struct Question: Sendable {
    public let id: String
    public let prompt: String
    public let judge: @Sendable (_ completion: String) throws -> Verdict
}

/// A task: what a model is asked and where its completions end.
public struct QuestionSet: Sendable {
    public enum Task: String, Sendable, CaseIterable {
        case gsm8k, math, humaneval, mbpp

        /// Whether completions are programs, which are run.
        public var isCode: Bool { self == .humaneval || self == .mbpp }
    }

    /// How a question is put.
    public enum Template: String, Sendable, CaseIterable {
        /// As the task's own file is learnt from.
        case plain
        /// As an instruction in the form of Stanford Alpaca.
        case alpaca

        func prompt(_ plain: String, instruction: String) -> String {
            self == .plain ? plain : PromptTemplate.alpaca.prompt(instruction: instruction)
        }
    }

    public let task: Task
    public let questions: [Question]
    /// Texts that end a completion, in front of them.
    public let stops: [String]

    /// Reads a task's file.
    ///
    /// - Parameters:
    ///   - limit: the first so many questions, none where it is negative; all where nil.
    ///   - sandbox: where programs run.
    public init(
        _ task: Task, file: String, template: Template = .plain, limit: Int? = nil,
        sandbox: @autoclosure () throws -> Sandbox
    ) throws {
        let lines = try JSONLine.all(in: file).prefix(max(0, limit ?? .max))
        self.task = task
        let stops: [String]
        switch task {
        case .gsm8k: (questions, stops) = (try lines.map { try .gsm8k($0, template) }, ["\nQuestion:"])
        case .math: (questions, stops) = (try lines.map { try .math($0, template) }, ["\nProblem:"])
        case .humaneval:
            let sandbox = try sandbox()
            questions = try lines.map { try .humanEval($0, template, sandbox) }
            stops = ["\nclass ", "\ndef ", "\n#", "\nif ", "\nprint("]
        case .mbpp:
            let sandbox = try sandbox()
            (questions, stops) = (try lines.map { try .mbpp($0, template, sandbox) }, ["[DONE]"])
        }
        self.stops = template == .plain ? stops : ["\n### Instruction:"]
    }
}
