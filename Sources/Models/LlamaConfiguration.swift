import Foundation
import NN

extension Llama {
    /// Which decoder of the Llama kind a `config.json` describes.
    public enum Family: String, Sendable, CaseIterable { case llama, mistral, gemma, qwen2 }

    /// The settings of a decoder, under Hugging Face's names on disk.
    public struct Configuration: Sendable, Equatable {
        public var family = Family.llama
        public var vocabularySize = 32000
        public var hiddenSize = 4096
        public var intermediateSize = 11008
        public var layerCount = 32
        public var headCount = 32
        /// Heads of keys and values, each shared by a group of query heads (Ainslie et al., arXiv 2305.13245).
        public var keyValueHeadCount = 32
        /// Elements of a head.
        public var headSize = 128
        public var contextLength = 2048
        public var rmsNormEpsilon = 1e-6
        public var ropeTheta = 10000.0
        public var ropeScaling: RotaryEmbedding.Llama3Scaling?
        /// Whether the head shares the embedding's table.
        public var tiesWordEmbeddings = false
        /// Whether the output projection of attention has a bias, and in Llama those of queries, keys and values.
        public var hasAttentionBias = false
        public var hasFeedForwardBias = false
        /// How many positions back each layer sees, itself included; nil for all.
        public var windows: [Int?] = Array(repeating: nil, count: 32)
        public var attentionDropout = 0.0
        /// The deviation of a new model's weights.
        public var initializerRange = 0.02

        public init() {}

        /// Qwen 2 has biases there whatever else it says.
        var hasQueryBias: Bool { family == .qwen2 || hasAttentionBias }
        var hasOutputBias: Bool { family != .qwen2 && hasAttentionBias }
        var isGemma: Bool { family == .gemma }
    }
}

extension Llama.Configuration {
    /// Reads a `config.json`.
    ///
    /// - Throws: the first key that is missing, of another kind than expected, or set to something that is not supported.
    public init(json: Data) throws(SettingError) {
        self.init(try Self.reading(ModelConfigurationReader(json)))
        try validate()
    }

    private init(_ other: Self) { self = other }

    private static func reading(_ reader: ModelConfigurationReader) throws(SettingError) -> Self {
        var result = Self()
        let type = try reader.string("model_type")
        guard let family = Llama.Family(rawValue: type) else {
            let known = Llama.Family.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingError(key: "model_type", found: type, expected: "one of \(known)")
        }
        result.family = family
        try result.readSizes(reader)
        try result.readKind(reader)
        try result.readRotation(reader)
        result.windows = try windows(reader, family, result.layerCount)
        return result
    }

    private mutating func readSizes(_ reader: ModelConfigurationReader) throws(SettingError) {
        vocabularySize = try reader.count("vocab_size")
        hiddenSize = try reader.count("hidden_size")
        intermediateSize = try reader.count("intermediate_size")
        layerCount = try reader.count("num_hidden_layers", maximum: maximumLayerCount)
        headCount = try reader.count("num_attention_heads")
        keyValueHeadCount = try reader.count("num_key_value_heads", default: headCount)
        headSize = try reader.count("head_dim", default: hiddenSize / headCount)
        contextLength = try reader.count("max_position_embeddings")
    }

    private mutating func readKind(_ reader: ModelConfigurationReader) throws(SettingError) {
        rmsNormEpsilon = try reader.number("rms_norm_eps", default: 1e-6)
        tiesWordEmbeddings = try reader.flag("tie_word_embeddings", default: isGemma)
        hasAttentionBias = try reader.flag("attention_bias", default: false)
        hasFeedForwardBias = try reader.flag("mlp_bias", default: false)
        attentionDropout = try reader.dropout("attention_dropout")
        initializerRange = try reader.number("initializer_range", default: 0.02)
        // Gemma's first files say "gelu" where its code computes the tanh approximation.
        let activation = reader.has("hidden_activation") ? "hidden_activation" : "hidden_act"
        let activations = isGemma ? ["gelu_pytorch_tanh", "gelu"] : ["silu"]
        try reader.require(activation, activations, default: activations[0])
        guard !reader.has("quantization_config") else {
            throw SettingError(key: "quantization_config", found: "set", expected: "weights that are not quantised")
        }
    }

    /// The keys of transformers 5, else those of 4.
    private mutating func readRotation(_ reader: ModelConfigurationReader) throws(SettingError) {
        let key = reader.has("rope_parameters") ? "rope_parameters" : "rope_scaling"
        let scaling = reader.has(key) ? try reader.object(key) : nil
        let holder = scaling.flatMap { $0.has("rope_theta") ? $0 : nil } ?? reader
        ropeTheta = try holder.number("rope_theta", default: 10000)
        try reader.require("partial_rotary_factor", ["1", "1.0"], default: "1")
        guard let scaling else { return }
        let type = try scaling.string(scaling.has("rope_type") ? "rope_type" : "type", default: "default")
        switch type {
        case "default": return
        case "llama3":
            ropeScaling = .init(
                factor: try scaling.number("factor"), lowFrequencyFactor: try scaling.number("low_freq_factor"),
                highFrequencyFactor: try scaling.number("high_freq_factor"),
                originalContextLength: try scaling.count("original_max_position_embeddings"))
        default: throw SettingError(key: "\(key).rope_type", found: type, expected: "default or llama3")
        }
    }

    private static func windows(
        _ reader: ModelConfigurationReader, _ family: Llama.Family, _ layerCount: Int
    ) throws(SettingError) -> [Int?] {
        let isUsed = try family == .qwen2 ? reader.flag("use_sliding_window", default: false) : family == .mistral
        guard isUsed, reader.has("sliding_window") else { return Array(repeating: nil, count: layerCount) }
        let window = try reader.count("sliding_window")
        guard family == .qwen2 else { return Array(repeating: window, count: layerCount) }
        guard reader.has("layer_types") else {
            let first = try reader.count("max_window_layers", default: layerCount, minimum: 0)
            return (0..<layerCount).map { $0 >= first ? window : nil }
        }
        let types = try reader.strings("layer_types")
        guard types.count == layerCount, Set(types).isSubset(of: ["full_attention", "sliding_attention"]) else {
            throw SettingError(
                key: "layer_types", found: "\(types)",
                expected: "full_attention or sliding_attention for \(layerCount) layers")
        }
        return types.map { $0 == "sliding_attention" ? window : nil }
    }

    /// - Throws: the first setting that does not fit the others.
    public func validate() throws(SettingError) {
        guard headCount % keyValueHeadCount == 0 else {
            throw SettingError(
                key: "num_key_value_heads", found: "\(keyValueHeadCount)",
                expected: "a divisor of num_attention_heads \(headCount)")
        }
        guard headSize % 2 == 0 else {
            throw SettingError(
                key: "head_dim", found: "\(headSize)", expected: "an even number, as rotations act on pairs")
        }
        guard windows.count == layerCount else {
            throw SettingError(
                key: "layer_types", found: "\(windows.count) windows", expected: "one for each of \(layerCount) layers")
        }
    }

    /// A `config.json` that transformers reads.
    public func json() throws -> Data {
        let classes: [Llama.Family: String] = [.llama: "Llama", .mistral: "Mistral", .gemma: "Gemma", .qwen2: "Qwen2"]
        var root: [String: Any] = [
            "architectures": ["\(classes[family] ?? "Llama")ForCausalLM"], "model_type": family.rawValue,
            "vocab_size": vocabularySize, "hidden_size": hiddenSize, "intermediate_size": intermediateSize,
            "num_hidden_layers": layerCount, "num_attention_heads": headCount, "num_key_value_heads": keyValueHeadCount,
            "head_dim": headSize, "max_position_embeddings": contextLength, "rms_norm_eps": rmsNormEpsilon,
            "rope_theta": ropeTheta, "tie_word_embeddings": tiesWordEmbeddings, "attention_bias": hasAttentionBias,
            "mlp_bias": hasFeedForwardBias, "attention_dropout": attentionDropout,
            "initializer_range": initializerRange,
            "hidden_act": isGemma ? "gelu_pytorch_tanh" : "silu",
        ]
        if let scaling = ropeScaling {
            root["rope_scaling"] =
                [
                    "rope_type": "llama3", "factor": scaling.factor, "low_freq_factor": scaling.lowFrequencyFactor,
                    "high_freq_factor": scaling.highFrequencyFactor,
                    "original_max_position_embeddings": scaling.originalContextLength,
                ] as [String: Any]
        }
        root["sliding_window"] = windows.lazy.compactMap { $0 }.first ?? NSNull()
        if family == .qwen2 {
            root["use_sliding_window"] = windows.contains { $0 != nil }
            root["layer_types"] = windows.map { $0 == nil ? "full_attention" : "sliding_attention" }
        }
        return try JSONSerialization.data(withJSONObject: root, options: [.prettyPrinted, .sortedKeys])
    }
}
