import NN
import Torch

/// Reconstructs one modality: queries, which are its visible tokens and mask tokens for the others, attend to all
/// visible tokens; an MLP and transformer blocks follow (arXiv 2204.01678).
struct MultiMAEDecoder: Sendable {
    let configuration: MultiMAE.Configuration
    let modality: Modality
    let contextProjection: Linear
    let maskToken: Tensor  // [1, 1, d]
    let modalityEmbeddings: Tensor  // [M, d]
    let positions: Tensor  // [N, d]
    let queryNorm, contextNorm, outputNorm: LayerNorm
    let attention: ViTAttention
    let intermediate, output: Linear
    let layers: [ViTLayer]
    let projection: Linear

    init(_ path: Path, _ configuration: MultiMAE.Configuration, for modality: Modality) throws(TorchError) {
        (self.configuration, self.modality) = (configuration, modality)
        let block = configuration.decoder
        let (width, inner, initializer) = (block.hiddenSize, block.intermediateSize, configuration.initializer)
        func norm(_ name: String) throws(TorchError) -> LayerNorm {
            try LayerNorm(path / name, features: width, epsilon: configuration.layerNormEpsilon)
        }
        contextProjection = try Linear(
            path / "context_projection", from: configuration.hiddenSize, to: width, initializer: initializer)
        maskToken = try path.parameter("mask_token", [1, 1, width], initializer)
        modalityEmbeddings = try path.parameter(
            "modality_embeddings", [configuration.modalities.count, width], initializer)
        positions = try SineCosinePositions.tensor(
            perSide: configuration.patchesPerSide, features: width, device: path.builder.device)
        (queryNorm, contextNorm, outputNorm) = (
            try norm("query_norm"), try norm("context_norm"), try norm("output_norm")
        )
        attention = try ViTAttention(path / "cross_attention", block)
        intermediate = try Linear(path / "intermediate" / "dense", from: width, to: inner, initializer: initializer)
        output = try Linear(path / "output" / "dense", from: inner, to: width, initializer: initializer)
        layers = try ViTLayer.stack(path / "layer", block)
        let values = configuration.outputChannels(modality) * configuration.patchSize * configuration.patchSize
        projection = try Linear(path / "projection", from: width, to: values, initializer: initializer)
    }

    /// - Parameters:
    ///   - encoded: the encoder's last state, [B, G + K, D].
    ///   - visible: which patches its last K tokens are.
    ///   - windows: the N patches of whole images that the images are windows of; nil for whole images.
    /// - Returns: [B, N, C·P·P], channels first within each patch.
    func callAsFunction(
        _ encoded: Tensor, _ visible: ElementSubset, windows: ElementSubset?, _ isTraining: Bool
    ) throws(TorchError) -> Tensor {
        let (batch, global, width) = (encoded.size(0), configuration.globalTokenCount, configuration.decoderHiddenSize)
        let places = try places(windows)  // [1 or B, M·N, d]
        let total = places.size(1)
        let count = total / configuration.modalities.count
        let context = try contextProjection(encoded)
        let seen = try context.sliced(1, global..<context.size(1))  // [B, K, d]
        let start = (configuration.modalities.firstIndex(of: modality) ?? 0) * count
        let masked = try ParameterTap.shared(maskToken).to(seen.dtype).expanded(batch, total, width)
        let queries =
            try visible.replacing(seen, in: masked).sliced(1, start..<start + count)
            + places.sliced(1, start..<start + count)
        let placed = try seen + visible.of(places.expanded(batch, total, width))
        let keys = try Tensor.concatenated([context.sliced(1, 0..<global), placed], 1)
        var x = try attention(queryNorm(queries), to: contextNorm(keys))
        x = try intermediate.perceptron(outputNorm(x), into: output, adding: x)
        for layer in layers { x = try layer(x, isTraining) }
        return try projection(x)
    }

    /// Where a token stands and what it is a token of, [1, M·N, d]; of windows each has its own, [B, M·N, d].
    private func places(_ windows: ElementSubset?) throws(TorchError) -> Tensor {
        // [1, M, 1, d]
        let embeddings = try ParameterTap.shared(modalityEmbeddings, addingDimension: true).unsqueezed(2)
        let (modalities, width) = (configuration.modalities.count, configuration.decoderHiddenSize)
        guard let windows else {
            return try (embeddings + positions).reshaped(-1, modalities * configuration.patchCount, width)
        }
        let (batch, count) = (windows.indices.size(0), windows.indices.size(1))
        let own = try windows.of(positions.expanded(batch, configuration.patchCount, width))  // [B, N, d]
        return try (embeddings + own.unsqueezed(1)).reshaped(batch, modalities * count, width)
    }
}
