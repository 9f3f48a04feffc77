import NN

/// What an image is given and asked for as.
public enum Modality: String, Sendable, Codable, CaseIterable {
    case rgb
    case depth
    /// The class of every pixel.
    case semseg
}

extension MultiMAE {
    /// The sizes of the encoder are named as in Hugging Face's `ViTConfig`.
    public struct Configuration: Sendable, Equatable, Codable {
        /// What the learner sees a part of and reconstructs the rest of. One alone makes a plain MAE.
        public var modalities = Modality.allCases
        /// Pixels a side of an image.
        public var imageSize = 32
        /// Pixels a side of a patch; divides the image's.
        public var patchSize = 4
        /// Classes of pixels.
        public var semanticClassCount = 7
        /// Features of the embedding of a pixel's class.
        public var semanticEmbeddingSize = 64
        /// Width of the encoder's residual stream.
        public var hiddenSize = 192
        /// The encoder's transformer blocks.
        public var layerCount = 6
        /// Attention heads of the encoder's blocks; a divisor of its width.
        public var headCount = 3
        /// Width of the inner layer of the encoder's blocks.
        public var intermediateSize = 768
        /// Probability with which elements of the embeddings and of what a block adds are dropped while training.
        public var dropout = 0.0
        /// What layer normalisation adds to the variance.
        public var layerNormEpsilon = 1e-6
        /// Standard deviation of fresh weights.
        public var initializerRange = 0.02
        /// Learned tokens that belong to no patch.
        public var globalTokenCount = 1
        /// Tokens of all modalities together that the encoder sees.
        public var visibleTokenCount = 32
        /// How evenly those spread over the modalities: the concentration of a symmetric Dirichlet distribution.
        public var dirichletAlpha = 1.0
        /// Width of a decoder's residual stream; each modality has a decoder.
        public var decoderHiddenSize = 96
        /// Transformer blocks after the decoder's cross-attention.
        public var decoderLayerCount = 2
        /// Attention heads of a decoder's blocks; a divisor of its width.
        public var decoderHeadCount = 3
        /// Width of the inner layer of a decoder's blocks.
        public var decoderIntermediateSize = 384
        /// Whether each patch of colours is standardised before it is the target.
        public var normalizesTargets = false
        /// How often an example goes round the encoder's last block while training; no part of the model on disk.
        public var dropPath = 0.0

        public init() {}

        enum CodingKeys: String, CodingKey {
            case modalities
            case imageSize = "image_size"
            case patchSize = "patch_size"
            case semanticClassCount = "num_semantic_labels"
            case semanticEmbeddingSize = "semantic_embedding_size"
            case hiddenSize = "hidden_size"
            case layerCount = "num_hidden_layers"
            case headCount = "num_attention_heads"
            case intermediateSize = "intermediate_size"
            case dropout = "hidden_dropout_prob"
            case layerNormEpsilon = "layer_norm_eps"
            case initializerRange = "initializer_range"
            case globalTokenCount = "num_global_tokens"
            case visibleTokenCount = "num_visible_tokens"
            case dirichletAlpha = "dirichlet_alpha"
            case decoderHiddenSize = "decoder_hidden_size"
            case decoderLayerCount = "decoder_num_hidden_layers"
            case decoderHeadCount = "decoder_num_attention_heads"
            case decoderIntermediateSize = "decoder_intermediate_size"
            case normalizesTargets = "norm_pix_loss"
        }

        public var patchesPerSide: Int { imageSize / patchSize }
        /// Patches of one modality.
        public var patchCount: Int { patchesPerSide * patchesPerSide }
        /// Patches of all modalities.
        public var tokenCount: Int { modalities.count * patchCount }

        var initializer: Initializer { .truncatedNormal(deviation: initializerRange) }

        /// The encoder's blocks are a vision transformer's.
        var encoder: ViT.Configuration {
            var encoder = block(hiddenSize, layerCount, headCount, intermediateSize)
            encoder.dropPath = dropPath
            return encoder
        }
        var decoder: ViT.Configuration {
            block(decoderHiddenSize, decoderLayerCount, decoderHeadCount, decoderIntermediateSize)
        }

        private func block(_ width: Int, _ layers: Int, _ heads: Int, _ inner: Int) -> ViT.Configuration {
            var vit = ViT.Configuration()
            (vit.imageSize, vit.patchSize) = (imageSize, patchSize)
            (vit.hiddenSize, vit.layerCount, vit.headCount, vit.intermediateSize) = (width, layers, heads, inner)
            (vit.dropout, vit.layerNormEpsilon, vit.initializerRange) = (dropout, layerNormEpsilon, initializerRange)
            return vit
        }

        /// Numbers a pixel has as input: colours, depth, or the embedding of its class.
        func inputChannels(_ modality: Modality) -> Int {
            switch modality {
            case .rgb: 3
            case .depth: 1
            case .semseg: semanticEmbeddingSize
            }
        }

        /// Numbers a pixel has as output: colours, depth, or a logit for each class.
        func outputChannels(_ modality: Modality) -> Int {
            modality == .semseg ? semanticClassCount : inputChannels(modality)
        }
    }
}

extension MultiMAE.Configuration {
    /// - Throws: a sentence naming the first setting that does not fit.
    public func validate() throws(SettingError) {
        try encoder.validate()
        do { try decoder.validate() } catch {
            throw SettingError(key: "decoder_\(error.key)", found: error.found, expected: error.expected)
        }
        guard !modalities.isEmpty, Set(modalities).count == modalities.count else {
            throw SettingError(
                key: "modalities", found: "[\(modalities.map(\.rawValue).joined(separator: ", "))]",
                expected: "one to three different ones")
        }
        for (key, value) in [("hidden_size", hiddenSize), ("decoder_hidden_size", decoderHiddenSize)]
        where !value.isMultiple(of: 4) {
            throw SettingError(key: key, found: "\(value)", expected: "a multiple of 4, for sine-cosine positions")
        }
        let counts = [
            ("num_semantic_labels", semanticClassCount), ("semantic_embedding_size", semanticEmbeddingSize),
            ("num_global_tokens", globalTokenCount),
        ]
        for (key, value) in counts where value < 1 {
            throw SettingError(key: key, found: "\(value)", expected: "at least 1")
        }
        guard (1..<tokenCount).contains(visibleTokenCount) else {
            throw SettingError(
                key: "num_visible_tokens", found: "\(visibleTokenCount)",
                expected:
                    "at least 1 and fewer than all \(tokenCount) patches, so that some are seen and some are masked")
        }
        guard dirichletAlpha > 0, dirichletAlpha.isFinite else {
            throw SettingError(key: "dirichlet_alpha", found: "\(dirichletAlpha)", expected: "a positive number")
        }
    }
}
