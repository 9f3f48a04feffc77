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

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - path: a run's folder, a Hugging Face folder or a llama2.c `.bin` file.
    ///   - tokenizer: its folder or file; where nil, the one that lies beside the model or that the run's recipe names.
    public init(_ path: String, tokenizer: String? = nil) throws {
        if let run = try? RunFolder.open(path) {
            try self.init(run, tokenizer)
        } else {
            let stored = try StoredLanguageModel(path)
            let folder = path.hasSuffix(".bin") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : path
            try self.init(
                stored.network, ParameterBuilder(loading: stored.weights),
                tokenizer: loadTokenizer(at: tokenizer ?? folder))
        }
    }

    private init(_ run: RunFolder, _ tokenizer: String?) throws {
        let recipe = try Recipe(file: run.recipe)
        guard case .language(let settings) = recipe.model else {
            throw TrainingError.notARun(
                path: run.path, reason: "its model \(recipe.model.kind.rawValue) generates no text")
        }
        let characters = "\(run.path)/\(CharacterTokenizer.fileName)"
        let isOwn = FileManager.default.fileExists(atPath: characters)
        try self.init(
            LanguageNetwork(json: run.networkConfiguration()),
            settings.builder(for: run.newestCheckpoint(), device: recipe.training.place),
            tokenizer: loadTokenizer(at: tokenizer ?? (isOwn ? characters : recipe.data.tokenizerPath ?? run.path)))
    }

    init(_ network: LanguageNetwork, _ builder: ParameterBuilder, tokenizer: any Tokenizer) throws {
        (model, _) = try ParameterBuilder.build(builder) { path throws(TorchError) in try network.model(path) }
        (self.tokenizer, device) = (tokenizer, builder.device)
    }

    /// Goes on with `prompt` until the end of the sequence, the count or the model's context.
    ///
    /// - Parameter emit: gets every piece of text as soon as its characters are whole; the prompt is no part of it.
    /// - Returns: the number of tokens generated.
    @discardableResult
    public func generate(
        _ prompt: String, _ sampler: TokenSampler, maximumTokens: Int, emit: (String) throws -> Void
    ) throws -> Int {
        var stream = TokenStream(tokenizer)
        let given = try tokenizer.encode(prompt, addingSpecialTokens: true)
        for id in given { _ = try stream.append(id) }
        let count = try generate(given, sampler, maximumTokens: maximumTokens) { id in try emit(stream.append(id)) }
        try emit(stream.finish())
        return count
    }

    /// The same in tokens; the one that ends the sequence is not emitted.
    @discardableResult
    public func generate(
        _ prompt: [Int32], _ sampler: TokenSampler, maximumTokens: Int, emit: (Int32) throws -> Void
    ) throws -> Int {
        guard !prompt.isEmpty, prompt.count < model.contextLength else {
            throw TrainingError.mismatch(
                what: "the prompt's length", found: "\(prompt.count) tokens",
                expected: "at least 1 and below the model's context of \(model.contextLength)")
        }
        let limit = min(maximumTokens, model.contextLength - prompt.count)
        let cache = KeyValueCache()
        var fresh = prompt
        for count in 0..<max(0, limit) {
            let token = Int32(sampler.token(try nextLogits(fresh, cache), at: count))
            if token == tokenizer.eosID { return count }
            try emit(token)
            fresh = [token]
        }
        return limit
    }

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
