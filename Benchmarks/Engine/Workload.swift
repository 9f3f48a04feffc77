import Models
import Training

/// A model, its batch and what a pass over it costs.
struct Workload: Sendable {
    enum Model: Sendable {
        case vit(ViT.Configuration)
        /// The encoder of a masked autoencoder of colours, which sees a quarter of the patches.
        case encoder(MultiMAE.Configuration)
        case gpt2(GPT2.Configuration)
        case llama(Llama.Configuration)
    }

    let name: String
    let model: Model
    let batchSize: Int

    static let all = vision + decoders

    static let vision = [
        vit("vit-d96", width: 96, heads: 3, image: 32, patch: 4, batchSize: 64),
        vit("vit-d192", width: 192, heads: 3, image: 40, patch: 4, batchSize: 32),
        vit("vit-d384", width: 384, heads: 6, image: 112, patch: 8, batchSize: 8),
        encoder("mae-d192", width: 192, heads: 3, image: 64, patch: 4, batchSize: 32),
    ]
    static let decoders = [
        gpt2("gpt-d256", width: 256, context: 128, vocabulary: 96, batchSize: 8),
        gpt2("gpt-d512", width: 512, context: 256, vocabulary: 4096, batchSize: 4),
        llama("llama-d288-v4k", vocabulary: 4096),
        llama("llama-d288-v32k", vocabulary: 32000),
    ]

    private static func vit(
        _ name: String, width: Int, heads: Int, image: Int, patch: Int, batchSize: Int
    ) -> Workload {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize) = (image, patch)
        (configuration.hiddenSize, configuration.headCount) = (width, heads)
        (configuration.intermediateSize, configuration.layerCount) = (4 * width, 6)
        return Workload(name: name, model: .vit(configuration), batchSize: batchSize)
    }

    private static func encoder(
        _ name: String, width: Int, heads: Int, image: Int, patch: Int, batchSize: Int
    ) -> Workload {
        var configuration = MultiMAE.Configuration()
        (configuration.modalities, configuration.imageSize, configuration.patchSize) = ([.rgb], image, patch)
        (configuration.hiddenSize, configuration.headCount) = (width, heads)
        (configuration.intermediateSize, configuration.layerCount) = (4 * width, 6)
        configuration.visibleTokenCount = configuration.patchCount / 4
        return Workload(name: name, model: .encoder(configuration), batchSize: batchSize)
    }

    /// Without dropout, whose random numbers two engines draw differently.
    private static func gpt2(
        _ name: String, width: Int, context: Int, vocabulary: Int, batchSize: Int
    ) -> Workload {
        var configuration = GPT2.Configuration()
        (configuration.hiddenSize, configuration.intermediateSize) = (width, 4 * width)
        (configuration.layerCount, configuration.headCount) = (6, 8)
        (configuration.contextLength, configuration.vocabularySize) = (context, vocabulary)
        (configuration.embeddingDropout, configuration.residualDropout, configuration.attentionDropout) = (0, 0, 0)
        return Workload(name: name, model: .gpt2(configuration), batchSize: batchSize)
    }

    /// Of the size of llama2.c's stories15M, with a third of its heads for keys and values.
    private static func llama(_ name: String, vocabulary: Int) -> Workload {
        var configuration = Llama.Configuration()
        (configuration.hiddenSize, configuration.intermediateSize) = (288, 768)
        (configuration.layerCount, configuration.windows) = (6, Array(repeating: nil, count: 6))
        (configuration.headCount, configuration.keyValueHeadCount, configuration.headSize) = (6, 2, 48)
        (configuration.contextLength, configuration.vocabularySize) = (256, vocabulary)
        return Workload(name: name, model: .llama(configuration), batchSize: 4)
    }

    var width: Int {
        switch model {
        case .vit(let c): c.hiddenSize
        case .encoder(let c): c.hiddenSize
        case .gpt2(let c): c.hiddenSize
        case .llama(let c): c.hiddenSize
        }
    }

    var isViT: Bool { if case .vit = model { true } else { false } }
}
