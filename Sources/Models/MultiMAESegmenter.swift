import NN
import Torch

/// A pre-trained encoder that says what every pixel shows. Its head is that of MultiMAE (arXiv 2204.01678): each token
/// becomes a few cells of a feature map, on which ConvNeXt blocks (Liu et al., arXiv 2201.03545) work.
public struct MultiMAESegmenter: Sendable {
    public let encoder: MultiMAEEncoder
    let norm: LayerNorm
    let projection: Linear
    let blocks: [ConvNeXtBlock]
    let classifier: Linear
    let channels: Int
    let cellsPerPatch: Int

    /// - Parameter channels: features of the head's map.
    public init(
        _ path: Path, _ configuration: MultiMAE.Configuration, classCount: Int, channels: Int = 64, blockCount: Int = 2
    ) throws(TorchError) {
        encoder = try MultiMAEEncoder(path / "multimae", configuration)
        self.channels = channels
        cellsPerPatch = max(1, configuration.patchSize / 2)
        let head = path / "segmentation_head"
        let initializer = configuration.initializer
        norm = try LayerNorm(
            head / "layernorm", features: configuration.hiddenSize, epsilon: configuration.layerNormEpsilon)
        projection = try Linear(
            head / "projection", from: configuration.hiddenSize, to: channels * cellsPerPatch * cellsPerPatch,
            initializer: .xavierUniform)
        var blocks: [ConvNeXtBlock] = []
        for index in 0..<blockCount {
            blocks.append(
                try ConvNeXtBlock(
                    head / "block" / index, channels: channels, epsilon: configuration.layerNormEpsilon, initializer))
        }
        self.blocks = blocks
        classifier = try Linear(head / "classifier", from: channels, to: classCount, initializer: initializer)
    }

    /// Images may be square windows of whole ones.
    ///
    /// - Returns: logits [B, classes, H, W].
    public func logits(_ images: ModalityImages, isTraining: Bool = false) throws(TorchError) -> Tensor {
        let states = try encoder.states(images, isTraining: isTraining)
        let side = try images.pixels(encoder.configuration.modalities[0]).size(2)
        var x = try encoder.grid(
            norm(states[states.count - 1]), projection, side: side, cellsPerPatch: cellsPerPatch, channels: channels)
        for block in blocks { x = try block(x) }
        return try classifier(x.permuted(0, 2, 3, 1)).permuted(0, 3, 1, 2).interpolated(height: side, width: side)
    }
}

/// x + MLP(norm(depthwise 7×7 convolution of x)), on [B, C, H, W].
struct ConvNeXtBlock: Sendable {
    let weight, bias: Tensor  // [C, 1, 7, 7], [C]
    let norm: LayerNorm
    let intermediate, output: Linear

    init(_ path: Path, channels: Int, epsilon: Double, _ initializer: Initializer) throws(TorchError) {
        weight = try (path / "dwconv").parameter("weight", [channels, 1, 7, 7], .kaimingUniform)
        bias = try (path / "dwconv").parameter("bias", [channels], .zeros)
        norm = try LayerNorm(path / "layernorm", features: channels, epsilon: epsilon)
        intermediate = try Linear(path / "pwconv1", from: channels, to: 4 * channels, initializer: initializer)
        output = try Linear(path / "pwconv2", from: 4 * channels, to: channels, initializer: initializer)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let wide = try convolution(x, weight, bias, padding: 3, groups: x.size(1))
        let mixed = try wide.permuted(0, 2, 3, 1)  // [B, H, W, C]
        return try x + intermediate.perceptron(norm(mixed), into: output).permuted(0, 3, 1, 2)
    }
}
