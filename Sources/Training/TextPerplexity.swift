import Datasets
import Foundation
import NN
import Tokenizers
import Torch

/// How well a stored language model predicts a text.
public struct TextPerplexity {
    private let learner: LanguageLearner
    private let tokenizer: any Tokenizer

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - path: a run's folder, a Hugging Face folder, an adapter's folder or a llama2.c `.bin` file.
    ///   - step: that of a run's checkpoint; the newest where nil.
    ///   - tokenizer: its folder or file; where nil, the one that lies beside the model or that the run's recipe names.
    ///   - device: where to compute; where nil, where the run trained, or on the CPU.
    public init(_ path: String, step: Int? = nil, tokenizer: String? = nil, device: Device? = nil) throws {
        let model = try StoredLearner(path, step: step, on: device)
        self.tokenizer = try model.tokenizer(tokenizer)
        learner = try LanguageLearner(model.builder(), model.network)
    }

    /// Predicts every token of a text but the first, in blocks of the model's context; of records (`.jsonl`, `.json`)
    /// the responses.
    ///
    /// - Parameters:
    ///   - template: what the instructions and messages of records are put into.
    ///   - limit: the first so many blocks or records; all where nil.
    ///   - batchSize: examples at a time.
    /// - Returns: `text/loss`, the mean over the tokens, in nats; `text/perplexity`; `text/examples`.
    public func measure(
        _ file: String, template: PromptTemplate = .alpaca, limit: Int? = nil, batchSize: Int = 8
    ) throws -> [String: Double] {
        let isRecords = ["jsonl", "json"].contains(URL(fileURLWithPath: file).pathExtension)
        let context = learner.elementCount
        var data =
            try isRecords
            ? TextRecords(file, template: template).dataset(tokenizer, context: context)
            : TextFile(file).blocks(tokenizer, context: context)
        if let limit { data = try data.limited(to: limit) }
        let metrics = try evaluation(of: learner, on: data, batchSize: batchSize)
        let named = metrics.map { ($0.replacing("val/", with: "text/"), $1) }
        return Dictionary(uniqueKeysWithValues: named + [("text/examples", Double(data.count))])
    }
}
