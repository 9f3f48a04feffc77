import Datasets
import Foundation
import Models
import NN
import Tokenizers
import Torch

/// A trained decoder that goes on with a prompt.
public struct TextGenerator: Sendable {
    let model: any LanguageModel
    let tokenizer: any Tokenizer
    let device: Device
    /// The tokens that end a sequence: the tokenizer's, and those that the model's own files name.
    let endIDs: Set<Int32>

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - path: a run's folder, a Hugging Face folder, an adapter's folder or a llama2.c `.bin` file.
    ///   - step: that of a run's checkpoint; the newest where nil.
    ///   - tokenizer: its folder or file; where nil, the one that lies beside the model or that the run's recipe names.
    ///   - device: where to compute; where nil, where the run trained, or on the CPU.
    public init(_ path: String, step: Int? = nil, tokenizer: String? = nil, device: Device? = nil) throws {
        let model = try StoredLearner(path, step: step, on: device)
        try self.init(
            model.network, model.builder(), tokenizer: model.tokenizer(tokenizer), endIDs: model.endIDs)
    }

    init(
        _ network: LanguageNetwork, _ builder: ParameterBuilder, tokenizer: any Tokenizer, endIDs: Set<Int32> = []
    ) throws {
        (model, _) = try ParameterBuilder.build(builder) { path throws(TorchError) in try network.model(path) }
        (self.tokenizer, device) = (tokenizer, builder.device)
        self.endIDs = endIDs.union([tokenizer.eosID].compactMap(\.self))
    }

    /// Goes on with `prompt` until the end of the sequence, a stop string, the count or the model's context.
    ///
    /// - Parameters:
    ///   - stops: texts of which the first to appear ends the generation; it is not emitted.
    ///   - emit: gets every piece of text as soon as its characters are whole and begin no stop string; the prompt is no
    ///     part of it.
    /// - Returns: the number of tokens generated.
    @discardableResult
    public func generate(
        _ prompt: String, _ sampler: TokenSampler, maximumTokens: Int, stops: [String] = [],
        emit: (String) throws -> Void
    ) throws -> Int {
        try generate(tokens(of: prompt), sampler, maximumTokens: maximumTokens, stops: stops, emit: emit)
    }

    /// The same after a prompt in tokens.
    @discardableResult
    public func generate(
        _ prompt: [Int32], _ sampler: TokenSampler, maximumTokens: Int, stops: [String],
        emit: (String) throws -> Void
    ) throws -> Int {
        var stream = TokenStream(tokenizer)
        var scanner = StopScanner(stops)
        for id in prompt { _ = try stream.append(id) }
        func pass(_ piece: String) throws {
            let safe = scanner.append(piece)
            if !safe.isEmpty { try emit(safe) }
        }
        let count = try generate(prompt, sampler, maximumTokens: maximumTokens) { id in
            try pass(stream.append(id))
            return !scanner.hasStopped
        }
        try pass(stream.finish())
        let rest = scanner.finish()
        if !rest.isEmpty { try emit(rest) }
        return count
    }

    /// The same all in tokens; the one that ends the sequence is not emitted.
    ///
    /// - Parameter emit: says whether to go on.
    @discardableResult
    public func generate(
        _ prompt: [Int32], _ sampler: TokenSampler, maximumTokens: Int, emit: (Int32) throws -> Bool
    ) throws -> Int {
        guard !prompt.isEmpty, fits(prompt) else {
            throw TrainingError.mismatch(
                what: "the prompt's length", found: "\(prompt.count) tokens",
                expected: "at least 1 and below the model's context of \(model.contextLength)")
        }
        let limit = min(maximumTokens, model.contextLength - prompt.count)
        let cache = KeyValueCache()
        var fresh = prompt
        for count in 0..<max(0, limit) {
            let token = try Int32(sampler.token(nextLogits(fresh, cache), at: count))
            if endIDs.contains(token) { return count }
            guard try emit(token) else { return count + 1 }
            fresh = [token]
        }
        return limit
    }

    /// The tokens of a prompt, without an end that the tokenizer gives to every text.
    public func tokens(of prompt: String) throws -> [Int32] {
        let ids = try tokens(of: [TextRecords.Exchange(prompt: prompt, response: "")])
        // The token before a text may be the one after it; of an empty prompt it is all that there is.
        return try ids.isEmpty ? tokenizer.encode(prompt, addingSpecialTokens: true) : ids
    }

    /// The tokens of a conversation up to where its last response begins, encoded as conversations are learnt from.
    public func tokens(of conversation: [TextRecords.Exchange]) throws -> [Int32] {
        try TextRecords.promptTokens(of: conversation, tokenizer)
    }

    /// Whether a prompt leaves room for a token in the model's context.
    public func fits(_ prompt: [Int32]) -> Bool { prompt.count < model.contextLength }

    /// Logits of what follows `tokens`, which follow those in the cache: one a token that the tokenizer knows.
    private func nextLogits(_ tokens: [Int32], _ cache: KeyValueCache) throws -> [Float] {
        let logits = try withoutGradients { () throws(TorchError) in
            let input = try Tensor(tokens, shape: [1, tokens.count], device: device).to(.int64)
            let hidden = try model.hidden(input, cache: cache)
            return try model.logits(hidden.sliced(1, tokens.count - 1..<tokens.count)).to(.float32)
        }
        let values: [Float] = try logits.values()
        return Array(values.prefix(tokenizer.vocabularySize))
    }
}
