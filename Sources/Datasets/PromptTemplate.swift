/// How instructions and conversations become text, in training and when a trained model is asked.
public enum PromptTemplate: String, Codable, Sendable, CaseIterable {
    /// That of Stanford Alpaca (https://github.com/tatsu-lab/stanford_alpaca), with which "Nonparametric Teaching of
    /// Attention Learners" (arXiv 2602.20461) fine-tunes. A system message takes the place of its opening words, and
    /// later turns repeat its headings.
    case alpaca
    /// `<|im_start|>role … <|im_end|>`, as Qwen's chat models have it.
    case chatml

    /// Who speaks.
    public enum Role: String, Sendable, CaseIterable { case system, user, assistant }

    /// A turn of a conversation.
    public struct Message: Sendable, Equatable {
        public var role: Role
        public var content: String

        public init(role: Role, content: String) { (self.role, self.content) = (role, content) }
    }

    /// What a model is asked with, up to where its response begins.
    ///
    /// - Parameter input: what the instruction is about, where it is told apart.
    public func prompt(instruction: String, input: String = "") -> String {
        switch self {
        case .alpaca where input.isEmpty: return prompt([Message(role: .user, content: instruction)])
        case .alpaca:
            return Self.opening(", paired with an input that provides further context")
                + "\n\n### Instruction:\n\(instruction)\n\n### Input:\n\(input)\(Self.alpacaResponse)"
        case .chatml:
            let content = input.isEmpty ? instruction : "\(instruction)\n\(input)"
            return prompt([Message(role: .user, content: content)])
        }
    }

    /// GSM8K's questions go with no template of instructions.
    public static func prompt(question: String) -> String { "Question: \(question)\nAnswer:" }

    /// A conversation as what is given before each of the assistant's turns, and these. Turns after the last of them are
    /// left out.
    public func exchanges(_ messages: [Message]) -> [TextRecords.Exchange] {
        var exchanges: [TextRecords.Exchange] = []
        var given: [Message] = []
        for message in messages {
            guard message.role == .assistant else {
                given.append(message)
                continue
            }
            exchanges.append(
                .init(prompt: prompt(given, isFirst: exchanges.isEmpty), response: response(message.content)))
            given = []
        }
        return exchanges
    }

    /// What the assistant is asked with at the start of a conversation.
    public func prompt(_ messages: [Message]) -> String { prompt(messages, isFirst: true) }

    private func prompt(_ messages: [Message], isFirst: Bool) -> String {
        switch self {
        case .alpaca:
            let hasSystem = messages.first?.role == .system
            let opening = isFirst ? hasSystem ? messages[0].content : Self.opening() : ""
            let turns = messages.dropFirst(hasSystem ? 1 : 0).map { "\n\n### Instruction:\n\($0.content)" }
            return opening + turns.joined() + Self.alpacaResponse
        case .chatml:
            let turns = messages.map { "<|im_start|>\($0.role.rawValue)\n\($0.content)<|im_end|>\n" }
            return (isFirst ? "" : "\n") + turns.joined() + "<|im_start|>assistant\n"
        }
    }

    /// A response as it follows its prompt.
    public func response(_ content: String) -> String {
        switch self {
        case .alpaca: " " + content
        case .chatml: content + "<|im_end|>"
        }
    }

    private static let alpacaResponse = "\n\n### Response:"

    private static func opening(_ addition: String = "") -> String {
        "Below is an instruction that describes a task\(addition). "
            + "Write a response that appropriately completes the request."
    }
}
