import Checkpoints
import Foundation
import NN
import Tokenizers
import Torch

/// Writes trained language models for others to load: as Hugging Face lays out models, or PEFT adapters.
public enum LanguageModelExport {
    public enum Product: Sendable { case model, adapter }

    /// Writes a run's model, or its adapter where that is all it trained.
    ///
    /// - Parameters:
    ///   - step: that of the checkpoint; the newest where nil.
    ///   - dtype: that of a whole model's weights, float32 where nil; an adapter is fp32.
    ///   - output: a folder that does not exist yet.
    @discardableResult
    public static func write(
        run path: String, step: Int? = nil, as dtype: DType? = nil, to output: String
    ) throws -> Product {
        let run = try RunFolder.open(path)
        let settings = try run.language().settings
        let learner = try StoredLearner(path, step: step)
        if let policy = settings.lora, case .stored(let base) = settings.origin {
            guard dtype == nil else {
                throw TrainingError.mismatch(
                    what: "the type asked for", found: "\(dtype ?? .float32)",
                    expected: "none for an adapter, which is fp32")
            }
            try AtomicFolder.write(to: output) { folder in
                try AdapterFolder.write(learner.parameters(), policy, baseModel: base, to: folder)
                try writeTokenizer(at: learner.tokenizerPath, to: folder)
            }
            return .adapter
        }
        let configuration = try run.networkConfiguration()
        try write(
            learner.parameters(), configuration, dtype ?? .float32, tokenizer: learner.tokenizerPath,
            generation: run.generationConfiguration()?.json, to: output)
        return .model
    }

    /// Adds an adapter to the weights that it was trained beside, rounded once.
    ///
    /// - Parameters:
    ///   - adapter: PEFT's folder, or that of a run that trained adapters.
    ///   - base: the whole model; where nil, the one that the adapter names.
    ///   - dtype: that of the weights; the base's own where nil.
    ///   - output: a folder that does not exist yet.
    /// - Throws: ``ParameterError`` with everything in which adapter and base disagree.
    public static func merge(
        _ adapter: String, into base: String? = nil, as dtype: DType? = nil, to output: String
    ) throws {
        guard try StoredAdapter.exists(at: adapter) else {
            throw TrainingError.mismatch(
                what: "the adapter", found: "\(adapter), which holds none",
                expected: "PEFT's folder or a run that trained adapters")
        }
        let model = try StoredAdapter(adapter, base: base).base
        let learner = try StoredLearner(adapter, base: base)
        let own = try model.dtype
        let type = dtype ?? own
        // A sum in the base's own type would be rounded to that before it gets the other.
        try write(
            learner.parameters(dtype: type == own ? own : .float32).merged(), model.configuration, type,
            tokenizer: learner.tokenizerPath, generation: model.generation?.json, to: output)
    }

    /// - Parameter generation: the `generation_config.json` of the model that this one comes from, where that has one.
    private static func write(
        _ parameters: Parameters, _ configuration: Data, _ dtype: DType, tokenizer path: String, generation: Data?,
        to output: String
    ) throws {
        try AtomicFolder.write(to: output) { folder in
            try ModelFolder.write(parameters, configuration: configuration, as: dtype, to: folder)
            let tokenizer = try writeTokenizer(at: path, to: folder)
            if let settings = try generation ?? tokenizer.map(generationConfiguration) {
                try AtomicFile.write(settings, to: "\(folder)/\(generationFile)")
            }
        }
    }

    /// Writes the tokenizer, where there is one, such that Hugging Face's libraries know it if they can.
    @discardableResult
    private static func writeTokenizer(at path: String, to folder: String) throws -> (any Tokenizer)? {
        guard holdsTokenizer(path) else { return nil }
        let tokenizer = try loadTokenizer(at: path)
        try copyTokenizer(at: path, to: folder)
        try (tokenizer as? CharacterTokenizer)?.saveForTransformers(to: folder)
        return tokenizer
    }

    private static let generationFile = "generation_config.json"

    /// The tokens that frame a sequence.
    private static func generationConfiguration(_ tokenizer: any Tokenizer) throws -> Data {
        let tokens = [
            "bos_token_id": tokenizer.bosID, "eos_token_id": tokenizer.eosID, "pad_token_id": tokenizer.padID,
        ].compactMapValues { $0.map(Int.init) }
        return try JSONSerialization.data(withJSONObject: tokens, options: [.prettyPrinted, .sortedKeys])
    }
}
