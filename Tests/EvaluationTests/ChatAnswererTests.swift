import Datasets
import Foundation
import Models
import NN
import Testing
import Tokenizers

@testable import Evaluation
@testable import Training

@Suite("Answers of a model in a conversation", .serialized) struct ChatAnswererTests {
    private static let messages: [PromptTemplate.Message] = [
        .init(role: .user, content: "One?"), .init(role: .assistant, content: "1"),
        .init(role: .user, content: "Two?"), .init(role: .assistant, content: "2"),
    ]

    private func withFile(_ object: [String: Any], _ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "attent-\(UUID().uuidString).jsonl"
        try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    /// A small fresh model of the characters that the messages take.
    private func answerer(_ template: PromptTemplate) throws -> ChatAnswerer {
        let text = template.exchanges(Self.messages).map { $0.prompt + $0.response }.joined()
        let tokenizer = CharacterTokenizer(of: text.unicodeScalars)
        var network = Llama.Configuration()
        (network.vocabularySize, network.hiddenSize, network.intermediateSize) = (tokenizer.vocabularySize, 16, 24)
        (network.headCount, network.keyValueHeadCount, network.headSize) = (2, 2, 8)
        (network.layerCount, network.windows, network.contextLength) = (1, [nil], 512)
        let generator = try TextGenerator(.llama(network), ParameterBuilder(seed: 1), tokenizer: tokenizer)
        var answerer = ChatAnswerer(generator, template: template, modelID: "tiny")
        answerer.maximumTokens = 4
        return answerer
    }

    @Test("a conversation so far ends where the assistant's next turn begins") func conversation() {
        let exchanges = PromptTemplate.chatml.exchanges(upTo: Array(Self.messages.prefix(3)))
        let prompt = "<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n"
        #expect(exchanges[0] == .init(prompt: prompt, response: "1<|im_end|>"))
        #expect(exchanges[1].prompt == "\n" + prompt.replacing("One", with: "Two"))
    }

    @Test(
        "a second turn is asked with the tokens that the conversation is taught with",
        arguments: PromptTemplate.allCases)
    func secondTurn(template: PromptTemplate) throws {
        let generator = try answerer(template).generator
        let asked = try generator.tokens(of: template.exchanges(upTo: Array(Self.messages.prefix(3))))
        let messages = Self.messages.map { ["role": $0.role.rawValue, "content": $0.content] }
        try withFile(["messages": messages]) { path in
            let records = try TextRecords(path, template: template)
            let parts = try records.dataset(generator.tokenizer, context: 512).parts(of: 0)
            let response = try generator.tokenizer.encode(template.response("2"), addingSpecialTokens: false)
            #expect(parts.prompt + parts.response == asked + response + [0])
        }
    }

    @Test("a question of any number is answered, and a negative limit asks none", arguments: [1 << 59, -1 << 62, 81])
    func numbers(id: Int) throws {
        let question: [String: Any] = ["question_id": id, "category": "writing", "turns": ["One?", "Two?"]]
        try withFile(question) { path in
            let questions = try ChatQuestion.all(in: path)
            try #require(questions.map(\.id) == [id])
            #expect(try ChatQuestion.all(in: path, limit: -1).isEmpty)
            let out = "\(path).answers"
            defer { try? FileManager.default.removeItem(atPath: out) }
            #expect(try answerer(.alpaca).answer(questions, writingTo: out) == 0)
            #expect(try ChatAnswer.turns(in: out)[id]?.count == 2)
        }
    }
}
