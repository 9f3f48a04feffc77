import Torch

/// The elements (patches, tokens) of each sequence that a learner sees; positions travel with them.
public struct ElementSubset: Sendable {
    /// [B, K], rising along each row, each in 0..<elements of the sequence.
    public let indices: Tensor

    public init(indices: Tensor) { self.indices = indices }

    /// Those elements of [B, N, D]: [B, K, D].
    public func of(_ x: Tensor) throws(TorchError) -> Tensor {
        let index = try indices.unsqueezed(-1).expanded(indices.size(0), indices.size(1), x.size(2))
        return try x.gathered(1, index)
    }
}

extension ElementSubset {
    /// `x` [B, N, D] with `y` [B, K, D] in the elements' places; the others stay as they are.
    public func replacing(_ y: Tensor, in x: Tensor) throws(TorchError) -> Tensor {
        let index = try indices.unsqueezed(-1).expanded(indices.size(0), indices.size(1), x.size(2))
        return try x.scattered(1, index, y.dtype == x.dtype ? y : y.to(x.dtype))
    }
}
