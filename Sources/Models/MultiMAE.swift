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
        for decoder in decoders {
            result[decoder.modality] = try decoder(encoded, visible, windows: images.places, isTraining).to(.float32)
        }
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
        try maskedMeans(of: reconstructions, on: images, visible: visible) {
            (found, modality, target) throws(TorchError) in
            try errors(of: found, modality, target, classWeights)
        }
    }

    /// How far reconstructions are from the patches that were not visible, one value an example and modality, [B]: a
    /// patch's root mean square for colour and depth, a pixel's ‖softmax − onehot‖ for classes. 0 where no patch was
    /// masked.
    public func residuals(
        of reconstructions: [Modality: Tensor], on images: ModalityImages, visible: ElementSubset
    ) throws(TorchError) -> [Modality: Tensor] {
        try maskedMeans(of: reconstructions, on: images, visible: visible) {
            (found, modality, target) throws(TorchError) in
            switch modality {
            case .rgb, .depth: return try (found - target).square().mean(-1).sqrt()
            case .semseg:
                let (logits, labels) = try pixels(of: found, target)
                return try logits.classResiduals(labels).reshaped(target.shape).mean(-1)
            }
        }
    }

    /// The mean of each modality's values, one a patch [B, N], over the patches that were not visible, [B].
    private func maskedMeans(
        of reconstructions: [Modality: Tensor], on images: ModalityImages, visible: ElementSubset,
        _ values: (_ found: Tensor, Modality, _ target: Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> [Modality: Tensor] {
        let (indices, count) = (visible.indices, images.places?.indices.size(1) ?? configuration.patchCount)
        let zeros = try Tensor.zeros(indices.shape, device: indices.device)
        let masked = try Tensor.ones(
            [indices.size(0), configuration.modalities.count * count], device: indices.device
        ).scattered(1, indices, zeros)
        var result: [Modality: Tensor] = [:]
        for (index, modality) in configuration.modalities.enumerated() {
            guard let found = reconstructions[modality] else { continue }
            let mask = try masked.sliced(1, index * count..<(index + 1) * count)  // [B, N]
            var target = try images.pixels(modality).patches(ofSide: configuration.patchSize)
            if modality == .rgb, configuration.normalizesTargets { target = try standardized(target) }
            result[modality] = try (values(found, modality, target) * mask).sum(1) / mask.sum(1).clamped(min: 1)
        }
        return result
    }

    /// One value a patch, [B, N]: a mean over its pixels.
    private func errors(
        of found: Tensor, _ modality: Modality, _ target: Tensor, _ classWeights: Tensor?
    ) throws(TorchError) -> Tensor {
        switch modality {
        case .rgb: return try (found - target).square().mean(-1)
        case .depth: return try (found - target).abs().mean(-1)
        case .semseg:
            let (logits, labels) = try pixels(of: found, target)
            let losses = try logits.crossEntropy(labels, reduction: .none).reshaped(target.shape)
            guard let classWeights else { return try losses.mean(-1) }
            let weights = try classWeights.selected(0, target.reshaped(-1)).reshaped(target.shape)
            return try (losses * weights).mean(-1)
        }
    }

    /// Logits [B·N, C, P·P] and classes [B·N, P·P] of the pixels of each patch.
    private func pixels(of found: Tensor, _ target: Tensor) throws(TorchError) -> (logits: Tensor, labels: Tensor) {
        let (patches, area) = (target.size(0) * target.size(1), target.size(2))
        return (
            try found.reshaped(patches, configuration.semanticClassCount, area), try target.reshaped(patches, area)
        )
    }

    private func standardized(_ patches: Tensor) throws(TorchError) -> Tensor {
        let centered = try patches - patches.mean(-1, keepDimensions: true)
        return try centered * (patches.variance(-1, keepDimensions: true) + 1e-6).rsqrt()
    }
}
