import Torch

/// Root-mean-square normalisation over the last dimension (Zhang & Sennrich, arXiv 1910.07467).
public struct RMSNorm: Sendable {
    /// What the normalised features are multiplied by.
    public enum Gain: Sendable {
        case weight
        /// 1 + weight, with weights that start at zero, as in Gemma.
        case onePlusWeight
    }

    public let weight: Tensor
    public let gain: Gain
    public let epsilon: Double

    public init(_ path: Path, features: Int, epsilon: Double, gain: Gain = .weight) throws(TorchError) {
        weight = try path.parameter("weight", [features], gain == .weight ? .ones : .zeros)
        (self.gain, self.epsilon) = (gain, epsilon)
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let y = try x.rmsNorm(gain == .weight ? weight : weight + 1, epsilon: epsilon)
        guard ParameterTap.isRecording else { return y }
        let (input, epsilon) = (try x.detached(), epsilon)
        ParameterTap.normalization(weight, nil, at: y) { () throws(TorchError) in
            try input.rmsNorm(nil, epsilon: epsilon)
        }
        return y
    }
}
