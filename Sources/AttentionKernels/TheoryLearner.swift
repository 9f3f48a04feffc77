import Foundation
import Models
import NN
import Torch

/// The learners of `Models` whose kernels are looked at: small ones, on the embedded data.
public enum TheoryLearner: String, Sendable, CaseIterable {
    /// On the digits: the logits of their classes.
    case vit, multimae
    /// On a text's windows: the logits of the next character, of the ten commonest.
    case gpt2, llama
    /// A Llama of which adapters learn alone.
    case lora

    /// How many outputs an example has that a language model is asked for.
    private static let characters = 10

    /// Parts of the parameters, by their names.
    var parts: [String] {
        switch self {
        // A block's two maps that end in its residual stream are both an output.dense.
        case .vit, .multimae:
            ["embeddings", "attention.attention", "output.dense", "intermediate", "layernorm", "classifier"]
        case .gpt2: ["wte", "wpe", "attn", "mlp", "ln_"]
        case .llama: ["embed_tokens", "self_attn", "mlp", "norm", "lm_head"]
        case .lora: ["q_proj.lora_A", "q_proj.lora_B", "v_proj.lora_A", "v_proj.lora_B"]
        }
    }

    /// A learner and what its outputs should be, [examples · outputs] in float64 with the mean taken off.
    struct Made {
        var learner: DifferentiableLearner
        var targets: Tensor
    }

    /// Fresh weights of a type, by a seed.
    struct Settings {
        var width = 32
        var layers = 2
        var dtype = DType.float32
        var seed: UInt64 = 0
        var restriction: String?
    }

    func make(_ data: TheoryData, _ settings: Settings) throws -> Made {
        switch self {
        case .vit:
            let (model, parameters) = try data.model(
                width: settings.width, dtype: settings.dtype, seed: settings.seed, layers: settings.layers)
            let learner = try DifferentiableLearner(
                model, parameters, images: data.images.to(settings.dtype), restrictedTo: settings.restriction)
            return Made(learner: learner, targets: try data.centeredTargets())
        case .multimae: return try multimae(data, settings)
        case .gpt2, .llama, .lora: return try decoder(examples: data.count, settings)
        }
    }

    /// Digits as colours, as depth, and as the classes dark and bright of their pixels.
    private func multimae(_ data: TheoryData, _ settings: Settings) throws -> Made {
        let vit = try data.configuration(width: settings.width, layers: settings.layers)
        var configuration = MultiMAE.Configuration()
        (configuration.imageSize, configuration.patchSize) = (vit.imageSize, vit.patchSize)
        (configuration.semanticClassCount, configuration.semanticEmbeddingSize) = (2, 4)
        (configuration.hiddenSize, configuration.intermediateSize) = (vit.hiddenSize, vit.intermediateSize)
        (configuration.layerCount, configuration.headCount) = (vit.layerCount, vit.headCount)
        configuration.initializerRange = vit.initializerRange
        try configuration.validate()
        let builder = ParameterBuilder(seed: settings.seed, dtype: settings.dtype)
        let (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
            try MultiMAEClassifier(path, configuration, classCount: data.classCount)
        }
        let gray = try data.images.sliced(1, 0..<1).to(settings.dtype)
        let images = try ModalityImages(
            rgb: gray.expanded(data.count, 3, gray.size(2), gray.size(3)), depth: gray,
            semantics: gray.squeezed(1).greater(0).to(.int64))
        let learner = try DifferentiableLearner(
            model, parameters, images: images, classCount: data.classCount, restrictedTo: settings.restriction)
        return Made(learner: learner, targets: try data.centeredTargets())
    }

    private func decoder(examples: Int, _ settings: Settings) throws -> Made {
        let text = try TheoryText(TheoryText.soliloquy, name: "Hamlet")
        let windows = try text.windows(examples, commonest: Self.characters)
        let adapters = AdapterPolicy(rank: 4, alpha: 8, targetModules: ["q_proj", "v_proj"])
        let builder = ParameterBuilder(
            seed: settings.seed, dtype: settings.dtype, adapters: self == .lora ? .init(adapters) : nil)
        let vocabulary = text.kinds
        let (model, parameters) = try ParameterBuilder.build(builder) {
            path throws(TorchError) -> any LanguageModel in
            guard self == .gpt2 else { return try Llama(path, settings.llama(vocabulary, windows.tokens.size(1))) }
            return try GPT2(path, settings.gpt2(vocabulary, windows.tokens.size(1)))
        }
        let learner = try DifferentiableLearner(
            model, parameters, tokens: windows.tokens, vocabulary: windows.choices,
            restrictedTo: settings.restriction)
        return Made(learner: learner, targets: windows.targets)
    }
}

extension TheoryLearner.Settings {
    private var deviation: Double { 0.64 / Double(width).squareRoot() }
    private var headCount: Int { width.isMultiple(of: 8) ? 4 : 1 }

    fileprivate func gpt2(_ vocabulary: Int, _ length: Int) -> GPT2.Configuration {
        var configuration = GPT2.Configuration()
        (configuration.vocabularySize, configuration.contextLength) = (vocabulary, length)
        (configuration.hiddenSize, configuration.intermediateSize) = (width, 2 * width)
        (configuration.layerCount, configuration.headCount) = (layers, headCount)
        configuration.initializerRange = deviation
        return configuration
    }

    fileprivate func llama(_ vocabulary: Int, _ length: Int) -> Llama.Configuration {
        var configuration = Llama.Configuration()
        (configuration.vocabularySize, configuration.contextLength) = (vocabulary, length)
        (configuration.hiddenSize, configuration.intermediateSize) = (width, 2 * width)
        (configuration.layerCount, configuration.headCount) = (layers, headCount)
        (configuration.keyValueHeadCount, configuration.headSize) = (max(1, headCount / 2), width / headCount)
        configuration.windows = Array(repeating: nil, count: layers)
        configuration.initializerRange = deviation
        return configuration
    }
}

extension TheoryData {
    /// One-hot classes, [N · classes] in float64, with their mean taken off.
    func centeredTargets() throws -> Tensor { try (targets() - 1 / Double(classCount)).reshaped(-1) }
}
