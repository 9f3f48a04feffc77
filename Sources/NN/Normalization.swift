import Torch

/// Layer normalisation over the last dimension (Ba et al., arXiv 1607.06450).
public struct LayerNorm: Sendable {
    public let weight: Tensor
    public let bias: Tensor
    public let epsilon: Double

    public init(_ path: Path, features: Int, epsilon: Double) throws(TorchError) {
        weight = try path.parameter("weight", [features], .ones)
        bias = try path.parameter("bias", [features], .zeros)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let y = try x.layerNorm(weight, bias, epsilon: epsilon)
        guard ParameterTap.isRecording else { return y }
        let (input, epsilon) = (try x.detached(), epsilon)
        ParameterTap.normalization(weight, bias, at: y) { () throws(TorchError) in
            try input.layerNorm(nil, nil, epsilon: epsilon)
        }
        return y
    }
}
