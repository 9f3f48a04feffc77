import Torch

/// y = x Wᵀ + b, with `weight` [out, in] and `bias` [out].
public struct Linear: Sendable {
    public let weight: Tensor
    public let bias: Tensor?

    public init(
        _ path: Path, from inputs: Int, to outputs: Int, bias: Bool = true,
        initializer: Initializer = .truncatedNormal(deviation: 0.02)
    ) throws(TorchError) {
        weight = try path.parameter("weight", [outputs, inputs], initializer)
        self.bias = bias ? try path.parameter("bias", [outputs], .zeros) : nil
    }

    /// - Parameter x: [..., in]
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x.linear(weight, bias) }
}

/// A table of vectors, `weight` [count, features], looked up by integers.
public struct Embedding: Sendable {
    public let weight: Tensor

    public init(
        _ path: Path, count: Int, features: Int, initializer: Initializer = .normal(deviation: 0.02)
    ) throws(TorchError) {
        weight = try path.parameter("weight", [count, features], initializer)
    }

    /// - Parameter indices: integers of any shape; the result has one more dimension.
    public func callAsFunction(_ indices: Tensor) throws(TorchError) -> Tensor { try weight.embedding(indices) }
}
