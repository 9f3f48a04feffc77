import CTorch

/// A fixed list of tensors whose handles are laid out once, for the calls that take many.
public struct TensorList: @unchecked Sendable {
    public let tensors: [Tensor]
    // The handles stay valid as long as `tensors` does.
    fileprivate let handles: [ct_tensor?]

    public init(_ tensors: [Tensor]) {
        self.tensors = tensors
        handles = tensors.map { $0.handle }
    }

    fileprivate var count: Int32 { Int32(handles.count) }

    /// The L2 norm of all gradients together; scales them where it exceeds `maximum`.
    @discardableResult
    public func clipGradientNorm(to maximum: Double?) throws(TorchError) -> Double {
        var norm = 0.0
        try check(ct_clip_gradient_norm(handles, count, maximum ?? 0, &norm), "clipGradientNorm")
        return norm
    }

    /// As ``clipGradientNorm(to:)``, but the norm stays on the tensors' device, and nobody waits for it.
    ///
    /// - Precondition: there is a tensor.
    public func clippedGradientNorm(to maximum: Double?) throws(TorchError) -> Tensor {
        try operation("clipGradientNorm") { ct_clip_gradient_norm_unread(handles, count, maximum ?? 0, $0) }
    }

    public func zeroGradients() throws(TorchError) { try check(ct_zero_gradients(handles, count), "zeroGradients") }
}

/// The hyper-parameters of one AdamW update (Loshchilov & Hutter, arXiv 1711.05101).
public struct AdamWUpdate: Sendable, Equatable {
    public var learningRate, beta1, beta2, weightDecay, epsilon: Double

    public init(learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, epsilon: Double) {
        (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
        (self.weightDecay, self.epsilon) = (weightDecay, epsilon)
    }

    /// Updates parameters in place by libtorch's fused kernel; those without a gradient stay. `steps` are scalars, counted up.
    ///
    /// - Parameter norm: a scalar on the parameters' device; where it is not finite, nothing changes.
    public func apply(
        to parameters: TensorList, firstMoments: TensorList, secondMoments: TensorList, steps: TensorList,
        unlessSpoilt norm: Tensor? = nil
    ) throws(TorchError) {
        let status = ct_fused_adamw(
            parameters.handles, firstMoments.handles, secondMoments.handles, steps.handles, parameters.count,
            learningRate, beta1, beta2, weightDecay, epsilon, norm?.handle)
        try check(status, "adamW")
    }
}
