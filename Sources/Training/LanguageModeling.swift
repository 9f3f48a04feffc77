import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Tokenizers
import Torch

/// A decoder that learns to go on with text, from fresh weights or from stored ones, in full or by adapters alone.
public struct LanguageModeling: Experiment {
    public let recipe: Recipe
    private let settings: LanguageModelSettings
    private let network: LanguageNetwork
    private let tokenizer: any Tokenizer
    private let training: TextDataset
    private let validation: TextDataset
    /// The most tokens of an example.
    private let context: Int
    private let hasExactAnswers: Bool
    private let isPacked: Bool
    /// Tokens of an example that are shown: more than enough for a caption.
    private static let captionTokens = 320

    init(_ recipe: Recipe, _ data: any LanguageData, _ settings: LanguageModelSettings) throws {
        guard recipe.teacher.score != .ntk else {
            throw TrainingError.mismatch(
                what: "teacher.score", found: "ntk", expected: "loss, residual or reducible for a language model")
        }
        (self.recipe, self.settings) = (recipe, settings)
        (network, tokenizer) = try Self.network(settings, data)
        context = data.context ?? network.contextLength
        guard context <= network.contextLength else {
            throw TrainingError.mismatch(
                what: "data.context", found: "\(context)",
                expected: "at most the \(network.contextLength) tokens that the model was made for")
        }
        let (training, validation) = try data.load(tokenizer, context: context)
        self.training = data.packing ? training.packed(intoRowsOf: context) : training
        self.validation = data.packing ? validation.packed(intoRowsOf: context) : validation
        (hasExactAnswers, isPacked) = (data.hasExactAnswers, data.packing)
    }

    /// The network that the settings ask for, and the tokenizer, whose vocabulary fits in the network's.
    private static func network(
        _ settings: LanguageModelSettings, _ data: any LanguageData
    ) throws -> (LanguageNetwork, any Tokenizer) {
        var network: LanguageNetwork
        let tokenizer: any Tokenizer
        switch settings.origin {
        case .fresh(let fresh):
            network = fresh
            tokenizer = try data.makeTokenizer()
            if network.vocabularySize == 0 { network.vocabularySize = tokenizer.vocabularySize }
        case .stored(let path):
            network = try StoredLanguageModel(path).network
            guard network.kind == settings.kind else {
                throw TrainingError.mismatch(
                    what: "model.kind", found: settings.kind.rawValue,
                    expected: "\(network.kind.rawValue), which \(path) holds")
            }
            tokenizer = try data.makeTokenizer(forModelAt: path)
        }
        try network.require(tokenizer)
        return (network, tokenizer)
    }

    private init(_ other: LanguageModeling, recipe: Recipe) {
        (self.recipe, settings, network, tokenizer) = (recipe, other.settings, other.network, other.tokenizer)
        (training, validation, context) = (other.training, other.validation, other.context)
        (hasExactAnswers, isPacked) = (other.hasExactAnswers, other.isPacked)
    }

    public var exampleCount: Int { training.count }
    public var fingerprint: UInt64 { training.fingerprint }

    public func with(_ recipe: Recipe) -> LanguageModeling { LanguageModeling(self, recipe: recipe) }

    public func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, among ranks: Ranks, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary {
        var learner = try freshLearner()
        let reference = try recipe.reference.map { try self.learner(RunFolder.open($0).newestCheckpoint()) }
        learner.reference = reference?.model
        let trainer = try Trainer(
            recipe: recipe, learner: learner, training: training, validation: validation, folder: folder,
            ranks: ranks, emit: emit)
        trainer.reference = reference
        trainer.caption = { number in
            let (prompt, response) = training.parts(of: Int(number))
            return try tokenizer.decode(Array((prompt + response).prefix(Self.captionTokens)))
        }
        if let folder { try describe(in: folder) }
        if let checkpoint { try trainer.restore(checkpoint) }
        return try trainer.run(until: stop)
    }

    public func evaluate(_ checkpoint: CheckpointFolder) throws -> [String: Double] {
        try evaluation(of: learner(checkpoint), on: validation, batchSize: recipe.evaluation.batchSize)
    }

    /// What generating needs beside a checkpoint: the network, and the tokenizer where it is one of characters.
    private func describe(in folder: RunFolder) throws {
        try AtomicFile.write(network.json(), to: folder.configuration)
        if let characters = tokenizer as? CharacterTokenizer {
            try characters.save(to: URL(fileURLWithPath: "\(folder.path)/\(CharacterTokenizer.fileName)"))
        }
    }

    private func freshLearner() throws -> LanguageLearner {
        let (seed, device) = (recipe.training.seed, recipe.training.place)
        guard case .stored(let path) = settings.origin else {
            return try learner(ParameterBuilder(seed: seed, device: device))
        }
        let adapters = settings.lora.map { ParameterBuilder.Adapters($0) }
        let weights = try StoredLanguageModel(path).weights
        return try learner(
            ParameterBuilder(loading: weights, device: device, adapters: adapters, seed: seed, keepsNarrow: true))
    }

    private func learner(_ checkpoint: CheckpointFolder) throws -> LanguageLearner {
        try learner(settings.builder(for: checkpoint, device: recipe.training.place))
    }

    private func learner(_ builder: ParameterBuilder) throws -> LanguageLearner {
        var options = LanguageLearner.Options(
            givesConfidences: recipe.teacher.tracksConfidence, measuresAccuracy: hasExactAnswers)
        options.tokens = recipe.teacher.tokens
        options.isPacked = isPacked
        if case .stored = settings.origin { options.isPretrained = true }
        if case .text(let data) = recipe.data { options.hasPrompts = data.kind != .text }
        options.recomputesActivations = recipe.training.activationCheckpointing
        return try LanguageLearner(
            builder, network, context: context, computeType: recipe.training.applyPrecision(), options: options)
    }
}

extension LanguageModelSettings {
    /// Loads a checkpoint: with adapters it holds those alone, and the frozen weights come from where they started.
    func builder(for checkpoint: CheckpointFolder, device: Device) throws -> ParameterBuilder {
        try checkpoint.verify()
        let saved = try SafetensorsFile(checkpoint.file("model.safetensors"))
        guard let lora, case .stored(let path) = origin else { return ParameterBuilder(loading: saved, device: device) }
        return ParameterBuilder(
            loading: try StoredLanguageModel(path).weights, device: device, adapters: .init(lora, loading: saved),
            keepsNarrow: true)
    }
}
