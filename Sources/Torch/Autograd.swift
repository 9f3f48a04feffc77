import CTorch

extension Tensor {
    public var requiresGradient: Bool { ct_requires_grad(handle) }

    /// Marks a leaf as trainable, or not, and returns it.
    @discardableResult
    public func requiringGradient(_ required: Bool = true) throws(TorchError) -> Tensor {
        try check(ct_set_requires_grad(handle, required), "requiringGradient", [self])
        return self
    }

    /// The same memory, outside the graph.
    public func detached() throws(TorchError) -> Tensor { try operation("detached", [self]) { ct_detach(handle, $0) } }

    /// Accumulates d(self)/d(leaf) into every leaf's gradient; `gradient` weighs the elements of a non-scalar.
    public func backward(_ gradient: Tensor? = nil, retainGraph: Bool = false) throws(TorchError) {
        try check(ct_backward(handle, gradient?.handle, retainGraph), "backward", [self])
    }

    /// The accumulated gradient of a leaf.
    public func gradient() throws(TorchError) -> Tensor? {
        var result: ct_tensor?
        try check(ct_gradient(handle, &result), "gradient", [self])
        return result.map { Tensor(owning: $0) }
    }
    public func setGradient(_ gradient: Tensor?) throws(TorchError) {
        try check(ct_set_gradient(handle, gradient?.handle), "setGradient", [self])
    }

    /// Vector-Jacobian products: Σ over outputs of gradientᵀ · ∂output/∂input, without touching the leaves' gradients.
    ///
    /// - Returns: one tensor an input, nil where the input takes no part.
    public static func gradients(
        of outputs: [Tensor], weightedBy gradients: [Tensor], withRespectTo inputs: [Tensor], retainGraph: Bool = false,
        createGraph: Bool = false
    ) throws(TorchError) -> [Tensor?] {
        precondition(outputs.count == gradients.count, "one weight an output")
        let (outputHandles, gradientHandles) = (
            outputs.map { $0.handle as ct_tensor? }, gradients.map { $0.handle as ct_tensor? }
        )
        let inputHandles = inputs.map { $0.handle as ct_tensor? }
        var results = [ct_tensor?](repeating: nil, count: inputs.count)
        let status = ct_grad(
            outputHandles, gradientHandles, Int32(outputs.count), inputHandles, Int32(inputs.count), retainGraph,
            createGraph,
            &results)
        try check(status, "gradients", outputs)
        return results.map { $0.map { Tensor(owning: $0) } }
    }
}

/// Runs `body` without recording operations for gradients.
public func withoutGradients<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let wasEnabled = ct_grad_enabled()
    ct_set_grad_enabled(false)
    defer { ct_set_grad_enabled(wasEnabled) }
    return try body()
}
