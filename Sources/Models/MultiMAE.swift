import NN
import Torch

/// A masked autoencoder of several modalities (Bachmann et al., "MultiMAE", arXiv 2204.01678): from a few patches of
/// colour, depth and pixel classes it reconstructs all others. With one modality it is a masked autoencoder (He et al.,
/// arXiv 2111.06377) whose decoder starts with cross-attention.
public struct MultiMAE: Sendable {
    public let encoder: MultiMAEEncoder
    let decoders: [MultiMAEDecoder]

    public var configuration: Configuration { encoder.configuration }

    public init(_ path: Path, _ configuration: Configuration) throws(TorchError) {
        encoder = try MultiMAEEncoder(path / "multimae", configuration)
        var decoders: [MultiMAEDecoder] = []
        for modality in configuration.modalities {
            decoders.append(
                try MultiMAEDecoder(path / "decoders" / modality.rawValue, configuration, for: modality))
        }
        self.decoders = decoders
    }

    /// What the learner makes of each modality from its visible patches: fp32 [B, N, C·P·P], channels first within each
    /// patch; for pixel classes, C logits a pixel.
    ///
    /// - Parameter visible: at least one patch an image, numbered over all modalities in their order.
    public func reconstructions(
        _ images: ModalityImages, visible: ElementSubset, isTraining: Bool = false
    ) throws(TorchError) -> [Modality: Tensor] {
        guard let encoded = try encoder.states(images, visible: visible, isTraining: isTraining).last else {
            return [:]
        }
        var result: [Modality: Tensor] = [:]
        for decoder in decoders { result[decoder.modality] = try decoder(encoded, visible, isTraining).to(.float32) }
        return result
    }

    /// How wrong reconstructions are on the patches that were not visible, one value an example and modality, [B]: mean
    /// squares for colour, mean magnitudes for depth, cross-entropy for classes. 0 where no patch was masked.
    ///
    /// - Parameter classWeights: by what a pixel's cross-entropy is multiplied, by its class [C]; by 1 where nil.
    public func losses(
        of reconstructions: [Modality: Tensor], on images: ModalityImages, visible: ElementSubset,
        classWeights: Tensor? = nil
    ) throws(TorchError) -> [Modality: Tensor] {
        let (indices, count) = (visible.indices, configuration.patchCount)
        let zeros = try Tensor.zeros(indices.shape, device: indices.device)
        let masked = try Tensor.ones([indices.size(0), configuration.tokenCount], device: indices.device)
            .scattered(1, indices, zeros)
        var result: [Modality: Tensor] = [:]
        for (index, modality) in configuration.modalities.enumerated() {
            guard let found = reconstructions[modality] else { continue }
            let mask = try masked.sliced(1, index * count..<(index + 1) * count)  // [B, N]
            let errors = try errors(of: found, modality, images.pixels(modality), classWeights)
            result[modality] = try (errors * mask).sum(1) / mask.sum(1).clamped(min: 1)
        }
        return result
    }

    /// One value a patch, [B, N]: a mean over its pixels.
    private func errors(
        of found: Tensor, _ modality: Modality, _ pixels: Tensor, _ classWeights: Tensor?
    ) throws(TorchError) -> Tensor {
        let target = try pixels.patches(ofSide: configuration.patchSize)
        switch modality {
        case .rgb:
            return try (found - (configuration.normalizesTargets ? standardized(target) : target)).square().mean(-1)
        case .depth: return try (found - target).abs().mean(-1)
        case .semseg:
            let (batch, count, area) = (target.size(0), target.size(1), target.size(2))
            let logits = try found.reshaped(batch * count, configuration.semanticClassCount, area)
            let losses = try logits.crossEntropy(target.reshaped(batch * count, area), reduction: .none)
                .reshaped(batch, count, area)
            guard let classWeights else { return try losses.mean(-1) }
            let weights = try classWeights.selected(0, target.reshaped(-1)).reshaped(batch, count, area)
            return try (losses * weights).mean(-1)
        }
    }

    private func standardized(_ patches: Tensor) throws(TorchError) -> Tensor {
        let centered = try patches - patches.mean(-1, keepDimensions: true)
        return try centered * (patches.variance(-1, keepDimensions: true) + 1e-6).rsqrt()
    }
}
