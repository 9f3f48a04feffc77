import NN
import Torch

extension MultiMAE {
    /// Reconstructions as images to look at, with the visible patches as they were given: colours [B, 3, H, W], depth
    /// [B, 1, H, W], and the likeliest class of each pixel [B, 1, H, W], all fp32.
    public func images(
        of reconstructions: [Modality: Tensor], on images: ModalityImages, visible: ElementSubset
    ) throws(TorchError) -> [Modality: Tensor] {
        let (side, count) = (configuration.patchSize, configuration.patchCount)
        let tokens = [visible.indices.size(0), configuration.tokenCount]
        let seen = try Tensor.zeros(tokens, device: visible.indices.device)
            .scattered(1, visible.indices, .ones(visible.indices.shape, device: visible.indices.device))
        var result: [Modality: Tensor] = [:]
        for (index, modality) in configuration.modalities.enumerated() {
            guard let found = reconstructions[modality] else { continue }
            let given = try images.pixels(modality).to(.float32).patches(ofSide: side)  // [B, N, C·P·P]
            let made = try patches(found, modality, given)
            let isSeen = try seen.sliced(1, index * count..<(index + 1) * count).unsqueezed(-1).greater(0)
            let whole = try isSeen.choose(given, else: made)
            result[modality] = try whole.image(ofPatches: side, channels: given.size(2) / (side * side))
        }
        return result
    }

    /// What a decoder says in the terms of its input: standardised colours at each patch's own scale, classes for logits.
    private func patches(_ found: Tensor, _ modality: Modality, _ given: Tensor) throws(TorchError) -> Tensor {
        switch modality {
        case .rgb:
            guard configuration.normalizesTargets else { return found }
            let deviation = try (given.variance(-1, keepDimensions: true) + 1e-6).sqrt()
            return try found * deviation + given.mean(-1, keepDimensions: true)
        case .depth: return found
        case .semseg:
            let area = configuration.patchSize * configuration.patchSize
            return try found.reshaped(found.size(0), found.size(1), configuration.semanticClassCount, area).argmax(2)
                .to(.float32)
        }
    }
}
