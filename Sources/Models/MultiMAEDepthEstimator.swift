import NN
import Torch

/// A pre-trained encoder that says how far every pixel is. Its head is a small dense prediction transformer's (Ranftl
/// et al., arXiv 2103.13413): states from the encoder's middle and end become feature maps of rising size, which are
/// fused from coarse to fine.
public struct MultiMAEDepthEstimator: Sendable {
    public let encoder: MultiMAEEncoder
    let norms: [LayerNorm]
    let projections: [Linear]
    let fusions: [ResidualConvolution]
    let output: Convolution
    let classifier: Linear
    let channels: Int

    /// How many cells a side a token becomes at each level, coarse first.
    private static let cellsPerPatch = [1, 2]

    /// - Parameter channels: features of the head's maps.
    public init(_ path: Path, _ configuration: MultiMAE.Configuration, channels: Int = 32) throws(TorchError) {
        encoder = try MultiMAEEncoder(path / "multimae", configuration)
        self.channels = channels
        let head = path / "depth_head"
        var (norms, projections, fusions): ([LayerNorm], [Linear], [ResidualConvolution]) = ([], [], [])
        for (level, cells) in Self.cellsPerPatch.enumerated() {
            norms.append(
                try LayerNorm(
                    head / "layernorm" / level, features: configuration.hiddenSize,
                    epsilon: configuration.layerNormEpsilon))
            projections.append(
                try Linear(
                    head / "projection" / level, from: configuration.hiddenSize, to: channels * cells * cells,
                    initializer: .xavierUniform))
            fusions.append(try ResidualConvolution(head / "fusion" / level, channels: channels))
        }
        (self.norms, self.projections, self.fusions) = (norms, projections, fusions)
        output = try Convolution(head / "output", from: channels, to: channels)
        classifier = try Linear(head / "depth", from: channels, to: 1, initializer: configuration.initializer)
    }

    /// Images may be square windows of whole ones.
    ///
    /// - Returns: the logarithm of depth, [B, 1, H, W].
    public func logDepth(_ images: ModalityImages, isTraining: Bool = false) throws(TorchError) -> Tensor {
        let states = try encoder.states(images, isTraining: isTraining)
        let side = try images.pixels(encoder.configuration.modalities[0]).size(2)
        // The deepest state is the coarsest level.
        let chosen = [states[states.count - 1], states[(states.count - 1) / 2]]
        var x: Tensor?
        for (level, cells) in Self.cellsPerPatch.enumerated() {
            var map = try encoder.grid(
                norms[level](chosen[level]), projections[level], side: side, cellsPerPatch: cells, channels: channels)
            if let coarser = x { map = try map + coarser.interpolated(height: map.size(2), width: map.size(3)) }
            x = try fusions[level](map)
        }
        guard let fused = x else { preconditionFailure("a head has at least one level") }
        return try classifier(output(fused).relu().permuted(0, 2, 3, 1)).permuted(0, 3, 1, 2)
            .interpolated(height: side, width: side)
    }
}

/// A 3×3 convolution that keeps the size of [B, C, H, W].
struct Convolution: Sendable {
    let weight, bias: Tensor

    init(_ path: Path, from inputs: Int, to outputs: Int) throws(TorchError) {
        weight = try path.parameter("weight", [outputs, inputs, 3, 3], .kaimingUniform)
        bias = try path.parameter("bias", [outputs], .zeros)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try convolution(x, weight, bias, padding: 1) }
}

/// A convolution by parameters, [B, C, H, W], of which a recorded pass is told.
func convolution(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor, padding: Int, groups: Int = 1
) throws(TorchError) -> Tensor {
    let y = try x.conv2d(weight, bias, padding: padding, groups: groups)
    try ParameterTap.operation(weight, from: x, to: y) { input, weight throws(TorchError) in
        try input.conv2d(weight, nil, padding: padding, groups: groups)
    }
    try ParameterTap.operation(bias, from: y, to: y) { input, bias throws(TorchError) in
        try input + bias.reshaped(1, -1, 1, 1)
    }
    return y
}

/// x plus two convolutions of it.
struct ResidualConvolution: Sendable {
    let first, second: Convolution

    init(_ path: Path, channels: Int) throws(TorchError) {
        first = try Convolution(path / "conv1", from: channels, to: channels)
        second = try Convolution(path / "conv2", from: channels, to: channels)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x + second(first(x.relu()).relu()) }
}
