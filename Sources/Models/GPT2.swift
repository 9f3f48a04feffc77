import Foundation
import NN
import Torch

/// GPT-2 (Radford et al., 2019), under Hugging Face's key names and with its [in, out] weights.
public struct GPT2: LanguageModel {
    public let configuration: Configuration
    let tokenEmbedding, positionEmbedding: Embedding
    private var stack: DecoderStack<GPT2Layer>
    let norm: LayerNorm
    public let head: Linear

    public init(_ path: Path, _ configuration: Configuration) throws(TorchError) {
        self.configuration = configuration
        // The first published files name the model without its head.
        let model = path.isStored("wte.weight") ? path : path / "transformer"
        let width = configuration.hiddenSize
        let normal = Initializer.normal(deviation: configuration.initializerRange)
        tokenEmbedding = try Embedding(
            model / "wte", count: configuration.vocabularySize, features: width, initializer: normal)
        positionEmbedding = try Embedding(
            model / "wpe", count: configuration.contextLength, features: width, initializer: normal)
        var layers: [GPT2Layer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try GPT2Layer(model / "h" / index, configuration))
        }
        stack = DecoderStack(layers: layers, rotary: nil)
        norm = try LayerNorm(model / "ln_f", features: width, epsilon: configuration.layerNormEpsilon)
        head =
            try configuration.tiesWordEmbeddings
            ? Linear(path / "lm_head", tiedTo: tokenEmbedding)
            : Linear(path / "lm_head", from: width, to: configuration.vocabularySize, bias: false, initializer: normal)
    }

    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int { configuration.contextLength }
    public var recomputesActivations: Bool {
        get { stack.recomputesActivations }
        set { stack.recomputesActivations = newValue }
    }

    public func hidden(
        _ tokens: Tensor, layout: TokenLayout?, elements: ElementSubset?, cache: KeyValueCache?, places: Tensor?,
        isTraining: Bool
    ) throws(TorchError) -> Tensor {
        let layout = try TokenLayout.of(tokens, layout, after: cache)
        let x = try tokenEmbedding(tokens) + positionEmbedding(layout.positions)  // [B, T, D]
        return try norm(
            stack(dropped(x, configuration.embeddingDropout, isTraining), layout, elements, cache, places, isTraining))
    }
}

struct GPT2Layer: DecoderLayer, Sendable {
    let attentionNorm, feedForwardNorm: LayerNorm
    let attention, attentionOutput, expansion, contraction: Linear
    let headCount: Int
    let residualDropout, attentionDropout: Double

    var window: Int? { nil }

    init(_ path: Path, _ configuration: GPT2.Configuration) throws(TorchError) {
        let (width, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        attentionNorm = try LayerNorm(path / "ln_1", features: width, epsilon: configuration.layerNormEpsilon)
        feedForwardNorm = try LayerNorm(path / "ln_2", features: width, epsilon: configuration.layerNormEpsilon)
        func linear(_ path: Path, _ inputs: Int, _ outputs: Int, _ deviation: Double) throws(TorchError) -> Linear {
            try Linear(
                path, from: inputs, to: outputs, initializer: .normal(deviation: deviation), layout: .inputsFirst)
        }
        let deviation = configuration.initializerRange
        // What adds to the residual stream starts smaller the more layers do (Radford et al., 2019, 2.3).
        let small = deviation / Double(2 * configuration.layerCount).squareRoot()
        attention = try linear(path / "attn" / "c_attn", width, 3 * width, deviation)
        attentionOutput = try linear(path / "attn" / "c_proj", width, width, small)
        expansion = try linear(path / "mlp" / "c_fc", width, inner, deviation)
        contraction = try linear(path / "mlp" / "c_proj", inner, width, small)
        headCount = configuration.headCount
        (residualDropout, attentionDropout) = (configuration.residualDropout, configuration.attentionDropout)
        // Older files carry the causal mask and its filling.
        for buffer in ["bias", "masked_bias"] { (path / "attn").ignore(buffer) }
    }

    func callAsFunction(_ x: Tensor, _ context: DecoderContext, _ cache: LayerCache?) throws(TorchError) -> Tensor {
        // Where a whole branch is added, the last product of the branch does it.
        guard context.isTraining && residualDropout > 0 else {
            let h = try attend(attentionNorm(x), adding: context.wanted(x), context, cache)
            return try feedForward(feedForwardNorm(h), adding: h, context.isTraining)
        }
        let attended = try attend(attentionNorm(x), context, cache)
        let h = try context.wanted(x) + dropped(attended, residualDropout, context.isTraining)
        return try h + dropped(feedForward(feedForwardNorm(h), context.isTraining), residualDropout, context.isTraining)
    }

    private func attend(
        _ x: Tensor, adding residual: Tensor? = nil, _ context: DecoderContext, _ cache: LayerCache?
    ) throws(TorchError) -> Tensor {
        let isTraining = context.isTraining
        let parts = try attention(x, isTraining: isTraining).chunked(3, -1)
        let q = try heads(parts[0], headCount)
        var (k, v) = (try heads(parts[1], headCount), try heads(parts[2], headCount))
        if let cache { (k, v) = try cache.append(k, v) }
        let attended = try context.visibility(window: nil).attend(q, k, v, dropout: isTraining ? attentionDropout : 0)
        return try attentionOutput(context.wanted(attended), adding: residual, isTraining: isTraining)
    }

    private func feedForward(
        _ x: Tensor, adding residual: Tensor? = nil, _ isTraining: Bool
    ) throws(TorchError) -> Tensor {
        try expansion.perceptron(
            x, into: contraction, tanhApproximation: true, adding: residual, isTraining: isTraining)
    }
}
