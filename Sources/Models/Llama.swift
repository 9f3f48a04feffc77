import NN
import Torch

/// The decoders that share Llama's architecture (Touvron et al., arXiv 2302.13971), under Hugging Face's key names: Llama 1 to
/// 3, Mistral (sliding windows), Gemma (scaled embeddings, 1 + w norms, GeGLU) and Qwen 2 (biases on Q, K, V), as the
/// configuration says.
public struct Llama: LanguageModel {
    public let configuration: Configuration
    let embedding: Embedding
    private var stack: DecoderStack<LlamaLayer>
    let norm: RMSNorm
    public let head: Linear

    public init(_ path: Path, _ configuration: Configuration) throws(TorchError) {
        self.configuration = configuration
        let (model, width) = (path / "model", configuration.hiddenSize)
        let normal = Initializer.normal(deviation: configuration.initializerRange)
        embedding = try Embedding(
            model / "embed_tokens", count: configuration.vocabularySize, features: width, initializer: normal)
        var layers: [LlamaLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try LlamaLayer(model / "layers" / index, configuration, window: configuration.windows[index]))
        }
        let rotary = RotaryEmbedding(
            headSize: configuration.headSize, theta: configuration.ropeTheta, scaling: configuration.ropeScaling)
        stack = DecoderStack(layers: layers, rotary: rotary)
        norm = try configuration.norm(model / "norm")
        head =
            try configuration.tiesWordEmbeddings
            ? Linear(path / "lm_head", tiedTo: embedding)
            : Linear(
                path / "lm_head", from: width, to: configuration.vocabularySize, bias: false, initializer: normal)
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
        var x = try embedding(tokens)  // [B, T, D]
        if configuration.isGemma { x = try x * Double(configuration.hiddenSize).squareRoot() }
        return try norm(stack(x, layout, elements, cache, places, isTraining))
    }
}

extension Llama.Configuration {
    func norm(_ path: Path) throws(TorchError) -> RMSNorm {
        try RMSNorm(path, features: hiddenSize, epsilon: rmsNormEpsilon, gain: isGemma ? .onePlusWeight : .weight)
    }

    func linear(_ path: Path, from inputs: Int, to outputs: Int, bias: Bool) throws(TorchError) -> Linear {
        try Linear(path, from: inputs, to: outputs, bias: bias, initializer: .normal(deviation: initializerRange))
    }
}

/// A pre-norm block.
struct LlamaLayer: DecoderLayer, Sendable {
    let inputNorm, postAttentionNorm: RMSNorm
    let attention: LlamaAttention
    let feedForward: GatedFeedForward
    let window: Int?

    init(_ path: Path, _ configuration: Llama.Configuration, window: Int?) throws(TorchError) {
        inputNorm = try configuration.norm(path / "input_layernorm")
        postAttentionNorm = try configuration.norm(path / "post_attention_layernorm")
        attention = try LlamaAttention(path / "self_attn", configuration)
        feedForward = try GatedFeedForward(path / "mlp", configuration)
        self.window = window
    }

    func callAsFunction(_ x: Tensor, _ context: DecoderContext, _ cache: LayerCache?) throws(TorchError) -> Tensor {
        let h = try attention(
            inputNorm(x), adding: context.wanted(x), context, context.visibility(window: window), cache)
        return try feedForward(postAttentionNorm(h), adding: h, context.isTraining)
    }
}

/// Grouped-query attention with rotary positions.
struct LlamaAttention: Sendable {
    let query, key, value, output: Linear
    let headCount, keyValueHeadCount: Int
    let dropout: Double

    init(_ path: Path, _ configuration: Llama.Configuration) throws(TorchError) {
        (headCount, keyValueHeadCount) = (configuration.headCount, configuration.keyValueHeadCount)
        let (width, bias) = (configuration.hiddenSize, configuration.hasQueryBias)
        let (queries, keys) = (headCount * configuration.headSize, keyValueHeadCount * configuration.headSize)
        query = try configuration.linear(path / "q_proj", from: width, to: queries, bias: bias)
        key = try configuration.linear(path / "k_proj", from: width, to: keys, bias: bias)
        value = try configuration.linear(path / "v_proj", from: width, to: keys, bias: bias)
        output = try configuration.linear(path / "o_proj", from: queries, to: width, bias: configuration.hasOutputBias)
        dropout = configuration.attentionDropout
        // Older files carry the frequencies, which follow from the configuration.
        (path / "rotary_emb").ignore("inv_freq")
    }

    /// - Parameters:
    ///   - x: [B, T, D]
    ///   - residual: added to the result where given.
    /// - Returns: as large, or [1, N, D], what the context wants of it.
    func callAsFunction(
        _ x: Tensor, adding residual: Tensor? = nil, _ context: DecoderContext, _ visibility: Visibility,
        _ cache: LayerCache?
    ) throws(TorchError) -> Tensor {
        let isTraining = context.isTraining
        var q = try heads(query(x, isTraining: isTraining), headCount)  // [B, H, T, D/H]
        var k = try heads(key(x, isTraining: isTraining), keyValueHeadCount)
        var v = try heads(value(x, isTraining: isTraining), keyValueHeadCount)
        if let rotation = context.rotation { (q, k) = (try rotation(q), try rotation(k)) }
        if let cache { (k, v) = try cache.append(k, v) }
        let attended = try visibility.attend(q, k, v, dropout: isTraining ? dropout : 0)
        return try output(context.wanted(attended), adding: residual, isTraining: isTraining)
    }
}

/// down(act(gate(x)) · up(x)) (Shazeer, arXiv 2002.05202): SwiGLU, or GeGLU in Gemma.
struct GatedFeedForward: Sendable {
    let gate, up, down: Linear
    let isGELU: Bool

    init(_ path: Path, _ configuration: Llama.Configuration) throws(TorchError) {
        let (width, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let bias = configuration.hasFeedForwardBias
        gate = try configuration.linear(path / "gate_proj", from: width, to: inner, bias: bias)
        up = try configuration.linear(path / "up_proj", from: width, to: inner, bias: bias)
        down = try configuration.linear(path / "down_proj", from: inner, to: width, bias: bias)
        isGELU = configuration.isGemma
    }

    func callAsFunction(
        _ x: Tensor, adding residual: Tensor? = nil, _ isTraining: Bool
    ) throws(TorchError) -> Tensor {
        let g = try gate(x, isTraining: isTraining)
        let u = try up(x, isTraining: isTraining)
        let inner = try isGELU ? g.gelu(tanhApproximation: true) * u : g.siluProduct(u)
        return try down(inner, adding: residual, isTraining: isTraining)
    }
}
