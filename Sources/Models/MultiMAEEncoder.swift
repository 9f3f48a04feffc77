import NN
import Torch

/// A batch of images as tensors, one a modality.
public struct ModalityImages: Sendable {
    /// [B, 3, H, W]
    public var rgb: Tensor?
    /// [B, 1, H, W]
    public var depth: Tensor?
    /// The class of every pixel, int64 [B, H, W].
    public var semantics: Tensor?
    /// The patches of the whole images that these are windows of, numbered row by row; nil for whole images.
    public var places: ElementSubset?

    public init(rgb: Tensor? = nil, depth: Tensor? = nil, semantics: Tensor? = nil) {
        (self.rgb, self.depth, self.semantics) = (rgb, depth, semantics)
    }

    /// What there is of a modality; classes as [B, 1, H, W].
    func pixels(_ modality: Modality) throws(TorchError) -> Tensor {
        let found =
            switch modality {
            case .rgb: rgb
            case .depth: depth
            case .semseg: try semantics?.unsqueezed(1)
            }
        guard let found else { preconditionFailure("the learner wants \(modality), which the images lack") }
        return found
    }
}

/// A vision transformer over the patches of several modalities (Bachmann et al., "MultiMAE", arXiv 2204.01678): a
/// linear projection a modality, fixed sine-cosine positions, global tokens and shared blocks. There are no embeddings
/// of the modalities: the biases of the projections do for them.
public struct MultiMAEEncoder: Sendable {
    public let configuration: MultiMAE.Configuration
    let projections: [Linear]
    let classEmbeddings: Embedding?
    let globalTokens: Tensor  // [1, G, D]
    let positions: Tensor  // [N, D]
    let layers: [ViTLayer]

    public init(_ path: Path, _ configuration: MultiMAE.Configuration) throws(TorchError) {
        self.configuration = configuration
        let (width, area) = (configuration.hiddenSize, configuration.patchSize * configuration.patchSize)
        let embeddings = path / "embeddings"
        var projections: [Linear] = []
        for modality in configuration.modalities {
            projections.append(
                try Linear(
                    embeddings / modality.rawValue / "projection", from: configuration.inputChannels(modality) * area,
                    to: width, initializer: .xavierUniform))
        }
        self.projections = projections
        classEmbeddings =
            configuration.modalities.contains(.semseg)
            ? try Embedding(
                embeddings / "semseg" / "class_embeddings", count: configuration.semanticClassCount,
                features: configuration.semanticEmbeddingSize) : nil
        globalTokens = try embeddings.parameter(
            "global_tokens", [1, configuration.globalTokenCount, width], configuration.initializer)
        positions = try SineCosinePositions.tensor(
            perSide: configuration.patchesPerSide, features: width, device: path.builder.device)
        layers = try ViTLayer.stack(path / "encoder" / "layer", configuration.encoder)
    }

    /// The last weight that the reconstructions of all modalities depend on: that of the last block's second linear map.
    public var lastSharedWeight: Tensor { layers[layers.count - 1].output.weight }

    /// The tokens after each block, [B, G + K, D], the global ones first.
    ///
    /// - Parameter visible: the patches to look at, numbered over all modalities in their order; all where nil.
    public func states(
        _ images: ModalityImages, visible: ElementSubset? = nil, isTraining: Bool = false
    ) throws(TorchError) -> [Tensor] {
        let all = try tokens(images)  // [B, M·N, D]
        let seen = try visible?.of(all) ?? all
        let (batch, width) = (seen.size(0), configuration.hiddenSize)
        let global = try ParameterTap.shared(globalTokens).expanded(batch, configuration.globalTokenCount, width)
        var x = try dropped(.concatenated([global.to(seen.dtype), seen], 1), configuration.dropout, isTraining)
        var states: [Tensor] = []
        for layer in layers {
            x = try layer(x, isTraining)
            states.append(x)
        }
        return states
    }

    private func tokens(_ images: ModalityImages) throws(TorchError) -> Tensor {
        let places = try places(images)
        var tokens: [Tensor] = []
        for (modality, projection) in zip(configuration.modalities, projections) {
            var pixels = try images.pixels(modality)
            if modality == .semseg, let classEmbeddings {
                pixels = try classEmbeddings(pixels.squeezed(1)).permuted(0, 3, 1, 2)  // [B, E, H, W]
            }
            tokens.append(try projection(pixels.patches(ofSide: configuration.patchSize)) + places)
        }
        return try .concatenated(tokens, 1)
    }

    /// The positions of the images' patches, [N, D]; of windows each has its own, [B, N, D].
    private func places(_ images: ModalityImages) throws(TorchError) -> Tensor {
        guard let windows = images.places else { return positions }
        let (batch, width) = (windows.indices.size(0), configuration.hiddenSize)
        return try windows.of(positions.expanded(batch, configuration.patchCount, width))
    }
}
