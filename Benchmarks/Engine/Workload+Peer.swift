import Models

extension Workload {
    /// Which of the peer's models this is.
    var kind: String {
        switch model {
        case .vit: "vit"
        case .encoder: "encoder"
        case .gpt2: "gpt2"
        case .llama: "llama"
        }
    }

    /// What the peer's model is made from, under Hugging Face's names.
    var numbers: [String: Double] {
        switch model {
        case .vit(let c):
            [
                "image_size": Double(c.imageSize), "patch_size": Double(c.patchSize),
                "num_channels": Double(c.channelCount), "num_labels": Double(c.classCount),
                "hidden_size": Double(c.hiddenSize), "num_hidden_layers": Double(c.layerCount),
                "num_attention_heads": Double(c.headCount), "intermediate_size": Double(c.intermediateSize),
                "layer_norm_eps": c.layerNormEpsilon,
            ]
        case .encoder(let c):
            [
                "image_size": Double(c.imageSize), "patch_size": Double(c.patchSize), "num_channels": 3,
                "hidden_size": Double(c.hiddenSize), "num_hidden_layers": Double(c.layerCount),
                "num_attention_heads": Double(c.headCount), "intermediate_size": Double(c.intermediateSize),
                "layer_norm_eps": c.layerNormEpsilon,
            ]
        case .gpt2(let c):
            [
                "vocab_size": Double(c.vocabularySize), "n_embd": Double(c.hiddenSize), "n_layer": Double(c.layerCount),
                "n_head": Double(c.headCount), "n_positions": Double(c.contextLength),
                "n_inner": Double(c.intermediateSize), "layer_norm_epsilon": c.layerNormEpsilon,
            ]
        case .llama(let c):
            [
                "vocab_size": Double(c.vocabularySize), "hidden_size": Double(c.hiddenSize),
                "intermediate_size": Double(c.intermediateSize), "num_hidden_layers": Double(c.layerCount),
                "num_attention_heads": Double(c.headCount), "num_key_value_heads": Double(c.keyValueHeadCount),
                "head_dim": Double(c.headSize), "max_position_embeddings": Double(c.contextLength),
                "rms_norm_eps": c.rmsNormEpsilon, "rope_theta": c.ropeTheta,
            ]
        }
    }
}
