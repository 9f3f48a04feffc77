import Torch

extension ViT {
    /// How much the last block's attention depends on each patch that was shown, [B, K]: Σ_i |ω_ij|, the sum over what is
    /// attended from, the mean over heads.
    ///
    /// Source: "Nonparametric Teaching of Attention Learners", arXiv 2602.20461: the importance factor ω of an element in the
    /// derivatives by W_Q and W_K.
    public func importance(of reading: Reading) throws(TorchError) -> Tensor {
        let (layer, x) = (layers[layers.count - 1], try reading.beforeLastLayer.detached().to(.float32))
        return try layer.attention.importance(of: layer.normBefore(x)).sliced(1, 1..<x.size(1))
    }
}

extension ViTAttention {
    /// Σ_i A_ij ‖V_j − f_i‖ of each element j of `x` [B, T, D], the mean over heads: [B, T].
    ///
    /// By ‖V − f‖² = ‖V‖² + ‖f‖² − 2 ⟨V, f⟩ no difference of each pair is ever made.
    func importance(of x: Tensor) throws(TorchError) -> Tensor {
        let (q, k, v) = (try heads(query(x)), try heads(key(x)), try heads(value(x)))
        let weights = try (q.matmul(k.transposed(2, 3)) / Double(q.size(3)).squareRoot()).softmax(-1)  // [B, H, T, T]
        let result = try weights.matmul(v)
        let squares = try result.square().sum(-1).unsqueezed(3) + v.square().sum(-1).unsqueezed(2)
        let distances = try (squares - result.matmul(v.transposed(2, 3)) * 2).clamped(min: 0).sqrt()
        return try (weights * distances).sum(2).mean(1)
    }
}
