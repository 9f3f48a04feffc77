import CTorch

// The stateless parts of neural networks.
extension Tensor {
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("matmul", [self, other]) { ct_matmul(handle, other.handle, $0) }
    }
    /// x Wᵀ + b for a weight of shape [out, in], and `residual` [..., out] added.
    public func linear(
        _ weight: Tensor, _ bias: Tensor? = nil, adding residual: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        try operation("linear", [self, weight]) {
            ct_linear(handle, weight.handle, bias?.handle, residual?.handle, $0)
        }
    }
    /// A linear map, its GELU and another linear map, and `residual` added: in as few passes as the kernels that are
    /// switched on allow.
    ///
    /// - Parameters:
    ///   - widening: weight [inner, in] and bias of the first map.
    ///   - narrowing: weight [out, inner] and bias of the second.
    public func perceptron(
        _ widening: (weight: Tensor, bias: Tensor?), _ narrowing: (weight: Tensor, bias: Tensor?),
        tanhApproximation: Bool = false, adding residual: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let weights = [
            widening.weight.handle, widening.bias?.handle, narrowing.weight.handle, narrowing.bias?.handle,
        ]
        return try operation("perceptron", [self, widening.weight, narrowing.weight]) {
            ct_perceptron(handle, weights, tanhApproximation, residual?.handle, $0)
        }
    }
    /// Rows of this [V, D] table by integer `indices` of any shape.
    public func embedding(_ indices: Tensor) throws(TorchError) -> Tensor {
        try operation("embedding", [self, indices]) { ct_embedding(handle, indices.handle, $0) }
    }
    /// Over the last dimension.
    public func layerNorm(_ weight: Tensor?, _ bias: Tensor?, epsilon: Double) throws(TorchError) -> Tensor {
        try operation("layerNorm", [self]) {
            ct_layer_norm(handle, weight?.handle, bias?.handle, size(-1), epsilon, $0)
        }
    }
    /// Over the last dimension.
    public func rmsNorm(_ weight: Tensor?, epsilon: Double) throws(TorchError) -> Tensor {
        try operation("rmsNorm", [self]) { ct_rms_norm(handle, weight?.handle, size(-1), epsilon, $0) }
    }
    public func groupNorm(groups: Int, _ weight: Tensor?, _ bias: Tensor?, epsilon: Double) throws(TorchError) -> Tensor
    {
        try operation("groupNorm", [self]) { ct_group_norm(handle, groups, weight?.handle, bias?.handle, epsilon, $0) }
    }
    public func softmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("softmax", [self]) { ct_softmax(handle, Int32(dimension), $0) }
    }
    public func logSoftmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("logSoftmax", [self]) { ct_log_softmax(handle, Int32(dimension), $0) }
    }
    /// Zeroes elements with `probability` and scales the rest up, drawing from the default generator.
    public func dropout(_ probability: Double) throws(TorchError) -> Tensor {
        try operation("dropout", [self]) { ct_dropout(handle, probability, $0) }
    }
    public func gelu(tanhApproximation: Bool = false) throws(TorchError) -> Tensor {
        try operation("gelu", [self]) { ct_gelu(handle, tanhApproximation, $0) }
    }
    public func silu() throws(TorchError) -> Tensor { try operation("silu", [self]) { ct_silu(handle, $0) } }
    public func relu() throws(TorchError) -> Tensor { try operation("relu", [self]) { ct_relu(handle, $0) } }
    public func softplus() throws(TorchError) -> Tensor {
        try operation("softplus", [self]) { ct_softplus(handle, $0) }
    }
    public func tanh() throws(TorchError) -> Tensor { try operation("tanh", [self]) { ct_tanh(handle, $0) } }
    public func sigmoid() throws(TorchError) -> Tensor { try operation("sigmoid", [self]) { ct_sigmoid(handle, $0) } }

    /// silu(self) ∘ `other`, both of one shape, in one pass a direction.
    public func siluProduct(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("siluProduct", [self, other]) { ct_silu_product(handle, other.handle, $0) }
    }
    /// These queries or keys [B, H, T, D] turned by angles [B or 1, 1, T, D], element i with i + D/2.
    public func rotated(cosine: Tensor, sine: Tensor) throws(TorchError) -> Tensor {
        try operation("rotated", [self, cosine, sine]) { ct_rotate(handle, cosine.handle, sine.handle, $0) }
    }

    /// softmax(QKᵀ · scale + mask) V for queries [B, H, T, D], keys and values [B, G, S, D].
    ///
    /// - Parameters:
    ///   - mask: broadcastable to [B, H, T, S]; Boolean (true takes part) or added to the products.
    ///   - firsts: beside a mask by which query t sees the keys firsts[t]...t, these, int64 [1 or B, T], by which what is
    ///     not seen need not be computed.
    ///   - scale: 1/√D where nil.
    ///   - groupedQueries: allows H to be a multiple of G.
    public static func attention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, firsts: Tensor? = nil,
        dropout: Double = 0, isCausal: Bool = false,
        scale: Double? = nil, groupedQueries: Bool = false
    ) throws(TorchError) -> Tensor {
        let scale = scale ?? 1 / Double(query.size(-1)).squareRoot()
        return try operation("attention", [query, key, value]) {
            ct_attention(
                query.handle, key.handle, value.handle, mask?.handle, firsts?.handle, dropout, isCausal, scale,
                groupedQueries, $0)
        }
    }
    public func conv2d(
        _ weight: Tensor, _ bias: Tensor?, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try operation("conv2d", [self, weight]) {
            ct_conv2d(handle, weight.handle, bias?.handle, stride, padding, groups, $0)
        }
    }
    public func convTranspose2d(
        _ weight: Tensor, _ bias: Tensor?, stride: Int = 1, padding: Int = 0
    ) throws(TorchError) -> Tensor {
        try operation("convTranspose2d", [self, weight]) {
            ct_conv_transpose2d(handle, weight.handle, bias?.handle, stride, padding, $0)
        }
    }
    /// Resizes the last two dimensions of [B, C, H, W].
    public func interpolated(height: Int, width: Int, alignCorners: Bool = false) throws(TorchError) -> Tensor {
        try operation("interpolated", [self]) { ct_interpolate_bilinear(handle, height, width, alignCorners, $0) }
    }

    public enum LossReduction: UInt32, Sendable { case none = 0, mean, sum }

    /// The cross-entropy of logits [N, C, …] against classes [N, …].
    public func crossEntropy(
        _ target: Tensor, reduction: LossReduction = .mean, ignoring ignoredIndex: Int = -100,
        labelSmoothing: Double = 0
    ) throws(TorchError) -> Tensor {
        try operation("crossEntropy", [self, target]) {
            ct_cross_entropy(
                handle, target.handle, ct_reduce(rawValue: reduction.rawValue), Int64(ignoredIndex), labelSmoothing, $0)
        }
    }
}
