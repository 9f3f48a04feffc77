import Torch

/// The learner of the theory: one layer of self-attention with one head, f(S) = softmax(QKᵀ/√d) V with Q = S W_Q,
/// K = S W_K, V = S W_V (Vaswani et al., arXiv 1706.03762, eq. 1; as in Nonparametric Teaching of Attention Learners,
/// arXiv 2602.20461, where it stands for an attention network).
public struct SelfAttention: Sendable {
    /// W_Q and W_K, [D, d]
    public let query, key: Tensor
    /// W_V, [D, m]
    public let value: Tensor

    /// - Throws: ``AntkError/wrongShape(what:found:expected:)``
    public init(query: Tensor, key: Tensor, value: Tensor) throws(AntkError) {
        guard query.rank == 2 else { throw .wrongShape(what: "W_Q", found: query.shape, expected: "[D, d]") }
        guard key.shape == query.shape else {
            throw .wrongShape(what: "W_K", found: key.shape, expected: "\(query.shape), that of W_Q")
        }
        guard value.rank == 2, value.size(0) == query.size(0) else {
            throw .wrongShape(what: "W_V", found: value.shape, expected: "[\(query.size(0)), m]")
        }
        (self.query, self.key, self.value) = (query, key, value)
    }

    /// Weights drawn from a normal distribution of variance 1/D, in float64.
    public init(elementSize: Int, width: Int, outputs: Int, seed: UInt64) throws {
        let generator = try Generator(seed: seed)
        let deviation = 1 / Double(elementSize).squareRoot()
        func weight(_ columns: Int) throws(TorchError) -> Tensor {
            try generator.normal([elementSize, columns], deviation: deviation).to(.float64)
        }
        try self.init(query: weight(width), key: weight(width), value: weight(outputs))
    }

    public var elementSize: Int { query.size(0) }
    public var width: Int { query.size(1) }
    public var outputs: Int { value.size(1) }
    /// The number of scalars in W_Q, W_K and W_V, whatever the length of a sequence.
    public var parameterCount: Int { query.count + key.count + value.count }

    /// softmax(QKᵀ/√d) for elements [n, D] or [B, n, D]: how much output i (row) attends to element j (column), [.., n, n].
    public func attention(_ elements: Tensor) throws(TorchError) -> Tensor {
        let scores = try elements.matmul(query).matmul(elements.matmul(key).transposed(-2, -1))
        return try (scores / Double(width).squareRoot()).softmax(-1)
    }

    /// f(S) for elements [n, D]: [n, m], or [B, n, D]: [B, n, m].
    public func callAsFunction(_ elements: Tensor) throws(TorchError) -> Tensor {
        try attention(elements).matmul(elements.matmul(value))
    }

    /// The same weights as leaves that require gradients.
    public func requiringGradients() throws -> SelfAttention {
        func leaf(_ x: Tensor) throws(TorchError) -> Tensor { try x.detached().clone().requiringGradient() }
        return try SelfAttention(query: leaf(query), key: leaf(key), value: leaf(value))
    }
}
