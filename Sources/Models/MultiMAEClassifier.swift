import NN
import Torch

/// A pre-trained encoder that says what an image shows: the mean of its patches, normalised, and a linear map.
public struct MultiMAEClassifier: Sendable {
    public let encoder: MultiMAEEncoder
    let norm: LayerNorm
    let classifier: Linear

    public init(_ path: Path, _ configuration: MultiMAE.Configuration, classCount: Int) throws(TorchError) {
        encoder = try MultiMAEEncoder(path / "multimae", configuration)
        norm = try LayerNorm(
            path / "layernorm", features: configuration.hiddenSize, epsilon: configuration.layerNormEpsilon)
        classifier = try Linear(
            path / "classifier", from: configuration.hiddenSize, to: classCount, initializer: configuration.initializer)
    }

    /// - Parameter visible: the patches to look at; all where nil.
    /// - Returns: logits [B, classes].
    public func logits(
        _ images: ModalityImages, visible: ElementSubset? = nil, isTraining: Bool = false
    ) throws(TorchError) -> Tensor {
        let states = try encoder.states(images, visible: visible, isTraining: isTraining)
        return try classifier(norm(encoder.patches(states[states.count - 1]).mean(1)))
    }
}

extension MultiMAEEncoder {
    /// The tokens of the patches, without the global ones.
    func patches(_ state: Tensor) throws(TorchError) -> Tensor {
        try state.sliced(1, configuration.globalTokenCount..<state.size(1))
    }

    /// The patches of the first modality, each token made into a square of `cells` a side: [B, channels, S·cells, S·cells]
    /// for images of `side` pixels, S patches, a side.
    func grid(
        _ state: Tensor, _ projection: Linear, side: Int, cellsPerPatch cells: Int, channels: Int
    ) throws(TorchError) -> Tensor {
        let perSide = side / configuration.patchSize
        let tokens = try patches(state).sliced(1, 0..<perSide * perSide)
        return try projection(tokens).image(ofPatches: cells, channels: channels)
    }
}
