import Models
import NN

/// Llama's `config.json` in a recipe.
struct LlamaKeys: Codable {
    var vocabularySize: Int?
    var hiddenSize = 128
    var intermediateSize = 344
    var layerCount = 4
    var headCount = 4
    var keyValueHeadCount: Int?
    var contextLength = 256
    var rmsNormEpsilon = 1e-6
    var ropeTheta = 10000.0
    var tiesWordEmbeddings = true
    var attentionDropout = 0.0
    var initializerRange = 0.02

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case keyValueHeadCount = "num_key_value_heads"
        case contextLength = "max_position_embeddings"
        case rmsNormEpsilon = "rms_norm_eps"
        case ropeTheta = "rope_theta"
        case tiesWordEmbeddings = "tie_word_embeddings"
        case attentionDropout = "attention_dropout"
        case initializerRange = "initializer_range"
    }

    init() {}

    init(_ configuration: Llama.Configuration) {
        vocabularySize = configuration.vocabularySize == 0 ? nil : configuration.vocabularySize
        hiddenSize = configuration.hiddenSize
        intermediateSize = configuration.intermediateSize
        layerCount = configuration.layerCount
        headCount = configuration.headCount
        let hasGroups = configuration.keyValueHeadCount != configuration.headCount
        keyValueHeadCount = hasGroups ? configuration.keyValueHeadCount : nil
        contextLength = configuration.contextLength
        rmsNormEpsilon = configuration.rmsNormEpsilon
        ropeTheta = configuration.ropeTheta
        tiesWordEmbeddings = configuration.tiesWordEmbeddings
        attentionDropout = configuration.attentionDropout
        initializerRange = configuration.initializerRange
    }

    var network: LanguageNetwork {
        var result = Llama.Configuration()
        result.vocabularySize = vocabularySize ?? 0
        result.hiddenSize = hiddenSize
        result.intermediateSize = intermediateSize
        result.layerCount = layerCount
        result.headCount = headCount
        result.keyValueHeadCount = keyValueHeadCount ?? headCount
        result.headSize = hiddenSize / max(1, headCount)
        result.contextLength = contextLength
        result.rmsNormEpsilon = rmsNormEpsilon
        result.ropeTheta = ropeTheta
        result.tiesWordEmbeddings = tiesWordEmbeddings
        result.attentionDropout = attentionDropout
        result.initializerRange = initializerRange
        // A number beyond is refused, by name, where the network is validated.
        result.windows = Array(repeating: nil, count: min(max(0, layerCount), maximumLayerCount))
        return .llama(result)
    }
}

/// GPT-2's `config.json` in a recipe.
struct GPT2Keys: Codable {
    var vocabularySize: Int?
    var hiddenSize = 128
    var intermediateSize: Int?
    var layerCount = 4
    var headCount = 4
    var contextLength = 256
    var layerNormEpsilon = 1e-5
    var tiesWordEmbeddings = true
    var embeddingDropout = 0.0
    var residualDropout = 0.0
    var attentionDropout = 0.0
    var initializerRange = 0.02

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case hiddenSize = "n_embd"
        case intermediateSize = "n_inner"
        case layerCount = "n_layer"
        case headCount = "n_head"
        case contextLength = "n_positions"
        case layerNormEpsilon = "layer_norm_epsilon"
        case tiesWordEmbeddings = "tie_word_embeddings"
        case embeddingDropout = "embd_pdrop"
        case residualDropout = "resid_pdrop"
        case attentionDropout = "attn_pdrop"
        case initializerRange = "initializer_range"
    }

    init() {}

    init(_ configuration: GPT2.Configuration) {
        vocabularySize = configuration.vocabularySize == 0 ? nil : configuration.vocabularySize
        hiddenSize = configuration.hiddenSize
        intermediateSize =
            configuration.intermediateSize == 4 &* configuration.hiddenSize ? nil : configuration.intermediateSize
        layerCount = configuration.layerCount
        headCount = configuration.headCount
        contextLength = configuration.contextLength
        layerNormEpsilon = configuration.layerNormEpsilon
        tiesWordEmbeddings = configuration.tiesWordEmbeddings
        embeddingDropout = configuration.embeddingDropout
        residualDropout = configuration.residualDropout
        attentionDropout = configuration.attentionDropout
        initializerRange = configuration.initializerRange
    }

    var network: LanguageNetwork {
        var result = GPT2.Configuration()
        result.vocabularySize = vocabularySize ?? 0
        result.hiddenSize = hiddenSize
        // A width whose product overflows is refused, by name, where the network is validated.
        result.intermediateSize = intermediateSize ?? 4 &* hiddenSize
        result.layerCount = layerCount
        result.headCount = headCount
        result.contextLength = contextLength
        result.layerNormEpsilon = layerNormEpsilon
        result.tiesWordEmbeddings = tiesWordEmbeddings
        result.embeddingDropout = embeddingDropout
        result.residualDropout = residualDropout
        result.attentionDropout = attentionDropout
        result.initializerRange = initializerRange
        return .gpt2(result)
    }
}

/// An adapter in a recipe, under PEFT's names.
struct AdapterKeys: Codable {
    /// Width of an adapter; 8 where absent.
    var rank: Int
    /// What an adapter adds is scaled by α/rank; twice the rank where absent.
    var alpha: Double
    /// Probability with which elements of an adapter's input are dropped while training; 0 where absent.
    var dropout: Double
    /// The linear maps that get an adapter, by the ends of their paths: `q_proj` or `self_attn.q_proj`.
    var targetModules: [String]
    /// Whether the scale is α/√rank (Kalajdzievski, arXiv 2312.03732); false where absent.
    var isRankStabilized: Bool

    enum CodingKeys: String, CodingKey {
        case rank
        case alpha
        case dropout
        case targetModules = "target_modules"
        case isRankStabilized = "use_rslora"
    }

    init(_ policy: AdapterPolicy) {
        (rank, alpha, dropout) = (policy.rank, policy.alpha, policy.dropout)
        (targetModules, isRankStabilized) = (policy.targetModules, policy.isRankStabilized)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        rank = try container.decodeIfPresent(Int.self, forKey: .rank) ?? 8
        alpha = try container.decodeIfPresent(Double.self, forKey: .alpha) ?? 2 * Double(rank)
        dropout = try container.decodeIfPresent(Double.self, forKey: .dropout) ?? 0
        targetModules = try container.decode([String].self, forKey: .targetModules)
        isRankStabilized = try container.decodeIfPresent(Bool.self, forKey: .isRankStabilized) ?? false
    }

    func policy() throws(SettingError) -> AdapterPolicy {
        guard rank >= 1 else { throw SettingError(key: "model.lora.rank", found: "\(rank)", expected: "at least 1") }
        guard (0..<1).contains(dropout) else {
            throw SettingError(key: "model.lora.dropout", found: "\(dropout)", expected: "at least 0 and below 1")
        }
        return AdapterPolicy(
            rank: rank, alpha: alpha, dropout: dropout, targetModules: targetModules, isRankStabilized: isRankStabilized
        )
    }
}
