import Foundation

extension GPT2 {
    /// Hugging Face's `GPT2Config`.
    public struct Configuration: Sendable, Equatable {
        public var vocabularySize = 50257
        public var hiddenSize = 768
        public var intermediateSize = 3072
        public var layerCount = 12
        public var headCount = 12
        public var contextLength = 1024
        public var layerNormEpsilon = 1e-5
        public var tiesWordEmbeddings = true
        public var embeddingDropout = 0.1
        public var residualDropout = 0.1
        public var attentionDropout = 0.1
        /// The deviation of a new model's weights.
        public var initializerRange = 0.02

        public init() {}
    }
}

extension GPT2.Configuration {
    /// Reads a `config.json`.
    ///
    /// - Throws: the first key that is missing, of another kind than expected, or set to something that is not supported.
    public init(json: Data) throws(SettingError) {
        let reader = try ModelConfigurationReader(json)
        let type = try reader.string("model_type")
        guard type == "gpt2" else { throw SettingError(key: "model_type", found: type, expected: "gpt2") }
        vocabularySize = try reader.count("vocab_size")
        hiddenSize = try reader.count("n_embd")
        layerCount = try reader.count("n_layer", maximum: maximumLayerCount)
        headCount = try reader.count("n_head")
        contextLength = try reader.count("n_positions")
        intermediateSize = try reader.count("n_inner", default: 4 * hiddenSize)
        layerNormEpsilon = try reader.number("layer_norm_epsilon", default: 1e-5)
        tiesWordEmbeddings = try reader.flag("tie_word_embeddings", default: true)
        embeddingDropout = try reader.dropout("embd_pdrop", default: 0.1)
        residualDropout = try reader.dropout("resid_pdrop", default: 0.1)
        attentionDropout = try reader.dropout("attn_pdrop", default: 0.1)
        initializerRange = try reader.number("initializer_range", default: 0.02)
        try reader.require("activation_function", ["gelu_new", "gelu_pytorch_tanh"], default: "gelu_new")
        try reader.require("scale_attn_weights", ["true"], default: "true")
        try reader.require("scale_attn_by_inverse_layer_idx", ["false"], default: "false")
        try reader.require("add_cross_attention", ["false"], default: "false")
        try validate()
    }

    /// - Throws: the first setting that does not fit the others.
    public func validate() throws(SettingError) {
        guard hiddenSize % headCount == 0 else {
            throw SettingError(key: "n_head", found: "\(headCount)", expected: "a divisor of n_embd \(hiddenSize)")
        }
    }

    /// A `config.json` that transformers reads.
    public func json() throws -> Data {
        let root: [String: Any] = [
            "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": vocabularySize,
            "n_embd": hiddenSize,
            "n_layer": layerCount, "n_head": headCount, "n_positions": contextLength, "n_inner": intermediateSize,
            "layer_norm_epsilon": layerNormEpsilon, "tie_word_embeddings": tiesWordEmbeddings,
            "embd_pdrop": embeddingDropout, "resid_pdrop": residualDropout, "attn_pdrop": attentionDropout,
            "initializer_range": initializerRange, "activation_function": "gelu_new",
        ]
        return try JSONSerialization.data(withJSONObject: root, options: [.prettyPrinted, .sortedKeys])
    }
}
