import Torch

/// The derivative of ``SelfAttention`` at one sequence, in closed form.
///
/// With A = softmax(QKᵀ/√d), output a of element i is f_ia = Σ_j A_ij V_ja. The softmax's derivative is
/// ∂A_ij/∂z_ik = A_ij (δ_jk − A_ik), so ∂f_ia/∂z_ij = A_ij (V_ja − f_ia), and the chain rule gives
///
///     ∂f_ia/∂W_V = (Σ_j A_ij s_j) e_aᵀ
///     ∂f_ia/∂W_Q = s_i (Σ_j ω_j k_j)ᵀ / √d        with ω_j = A_ij (V_ja − f_ia)
///     ∂f_ia/∂W_K = (Σ_j ω_j s_j) q_iᵀ / √d
///
/// Every derivative is thus a sum over the sequence's elements weighted by an importance: A_ij for W_V, and for W_Q and
/// W_K the importance factor ω_j, attention times how far the element's value stands off the output. The paper
/// (arXiv 2602.20461) calls such gradients importance-adaptive. The ω_j of an output add up to 0, so elements that all
/// agree with the output teach W_Q and W_K nothing, however much they are attended to.
public struct AttentionDerivative: Sendable {
    /// S, [n, D]
    let elements: Tensor
    /// q_i/√d, [n, d]
    let scaledQueries: Tensor
    /// A, the importance of element j for ∂f_i/∂W_V, [n, n].
    public let attention: Tensor
    /// ω, the importance factor of element j for ∂f_ia/∂W_Q and ∂f_ia/∂W_K, [n, m, n] over (i, a, j).
    public let importance: Tensor
    /// Σ_j ω_j k_j / √d, [n, m, d]
    let importantKeys: Tensor
    /// Σ_j ω_j s_j, [n, m, D]
    let importantElements: Tensor
    /// Σ_j A_ij s_j, [n, D]
    let attendedElements: Tensor
    public let outputs: Int

    /// - Parameter elements: S, [n, D], of the weights' type.
    /// - Throws: ``AntkError/wrongShape(what:found:expected:)`` or a `TorchError`.
    public init(_ learner: SelfAttention, _ elements: Tensor) throws {
        guard elements.rank == 2, elements.size(0) > 0, elements.size(1) == learner.elementSize else {
            throw AntkError.wrongShape(
                what: "a sequence", found: elements.shape, expected: "[n, \(learner.elementSize)] with n of at least 1")
        }
        (self.elements, outputs) = (elements, learner.outputs)
        let root = Double(learner.width).squareRoot()
        scaledQueries = try elements.matmul(learner.query) / root
        let scaledKeys = try elements.matmul(learner.key) / root
        let values = try elements.matmul(learner.value)  // [n, m]
        attention = try learner.attention(elements)
        let result = try attention.matmul(values)  // [n, m]
        let contrast = try values.transposed(0, 1).unsqueezed(0) - result.unsqueezed(-1)  // [n, m, n]
        importance = try attention.unsqueezed(1) * contrast
        importantKeys = try importance.matmul(scaledKeys)
        importantElements = try importance.matmul(elements)
        attendedElements = try attention.matmul(elements)
    }

    public var length: Int { elements.size(0) }

    /// ∂f/∂W_Q, [n, m, D, d]
    public func byQuery() throws(TorchError) -> Tensor {
        try elements.unsqueezed(1).unsqueezed(-1) * importantKeys.unsqueezed(2)
    }

    /// ∂f/∂W_K, [n, m, D, d]
    public func byKey() throws(TorchError) -> Tensor {
        try importantElements.unsqueezed(-1) * scaledQueries.unsqueezed(1).unsqueezed(1)
    }

    /// ∂f/∂W_V, [n, m, D, m]; output a depends on column a alone.
    public func byValue() throws(TorchError) -> Tensor {
        let identity = try Tensor.eye(outputs, dtype: elements.dtype).unsqueezed(1).unsqueezed(0)  // [1, m, 1, m]
        return try attendedElements.unsqueezed(1).unsqueezed(-1) * identity
    }

    /// The whole derivative, a row an output f_ia in row-major order, the columns W_Q, W_K and W_V: [n·m, P].
    public func jacobian() throws(TorchError) -> Tensor {
        let rows = length * outputs
        let parts = [try byQuery(), try byKey(), try byValue()]
        var flat: [Tensor] = []
        for part in parts { flat.append(try part.reshaped(rows, -1)) }
        return try .concatenated(flat, 1)
    }
}

extension AttentionDerivative {
    /// The ANTK between this sequence's outputs and another's, K(S, S') = ⟨∂f(S)/∂θ, ∂f(S')/∂θ⟩, [n·m, n'·m]. Sequences
    /// may differ in length.
    ///
    /// No Jacobian is ever made: each of its three parts is an outer product, so that, in the words of this type,
    ///
    ///     K = ⟨s_i, s'_i'⟩⟨Σωk, Σω'k'⟩/d + ⟨q_i, q'_i'⟩⟨Σωs, Σω's'⟩/d + δ_aa' ⟨ΣAs, ΣA's'⟩.
    public func kernel(_ other: AttentionDerivative) throws(TorchError) -> Tensor {
        func products(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
            try a.reshaped(-1, a.size(-1)).matmul(b.reshaped(-1, b.size(-1)).transposed(0, 1))
        }
        /// One value a pair of elements → one a pair of outputs.
        func spread(_ x: Tensor) throws(TorchError) -> Tensor {
            try x.repeatInterleaved(outputs, 0).repeatInterleaved(outputs, 1)
        }
        let byQuery =
            try spread(products(elements, other.elements)) * products(importantKeys, other.importantKeys)
        let byKey =
            try spread(products(scaledQueries, other.scaledQueries))
            * products(importantElements, other.importantElements)
        let attended = try products(attendedElements, other.attendedElements)  // [n, n']
        let identity = try Tensor.eye(outputs, dtype: elements.dtype).unsqueezed(1).unsqueezed(0)  // [1, m, 1, m]
        let byValue = try (attended.unsqueezed(1).unsqueezed(-1) * identity)
            .reshaped(byQuery.size(0), byQuery.size(1))
        return try byQuery + byKey + byValue
    }
}

extension SelfAttention {
    /// The derivatives of Σ_ia w_ia f_ia by W_Q, W_K and W_V, in closed form and summed over the sequences.
    ///
    /// The weights meet the importance factors before these are there one by one: Σ_a w_ia ω_iaj = A_ij Σ_a w_ia (V_ja − f_ia).
    ///
    /// - Parameters:
    ///   - elements: S, [n, D] or [B, n, D].
    ///   - weights: w, [n, m] or [B, n, m].
    public func gradient(
        _ elements: Tensor, weights: Tensor
    ) throws(TorchError) -> (query: Tensor, key: Tensor, value: Tensor) {
        let (attention, values) = (try attention(elements), try elements.matmul(value))
        let agreement = try (weights * attention.matmul(values)).sum(-1).unsqueezed(-1)  // [.., n, 1]
        let importance = try attention * (weights.matmul(values.transposed(-2, -1)) - agreement)  // [.., n, n]
        let (rows, root) = (try elements.transposed(-2, -1), Double(width).squareRoot())
        func summed(_ x: Tensor) throws(TorchError) -> Tensor { x.rank == 3 ? try x.sum(0) : x }
        return (
            try summed(rows.matmul(importance.matmul(elements.matmul(key)))) / root,
            try summed(rows.matmul(importance.transposed(-2, -1).matmul(elements.matmul(query)))) / root,
            try summed(rows.matmul(attention.transposed(-2, -1).matmul(weights)))
        )
    }
}
