import CTorch

/// What a vocabulary's softmax says of each row, without a graph.
public struct PredictionDetails: Sendable {
    /// [N], Σ p² over the vocabulary.
    public let squaredProbabilities: Tensor
    /// [N], 1 where the target is the likeliest, else 0.
    public let hits: Tensor
}

extension Tensor {
    /// How much memory a linear cross-entropy may take.
    public struct LinearCrossEntropyLimits: Sendable, Equatable {
        /// Logits that exist at a time: too few, and every chunk reads and writes the head's gradient for little.
        public var chunkElements = 1 << 25
        /// Logits kept for the backward pass, which makes the others again.
        public var keptBytes = 256 << 20

        public init() {}
    }

    /// The cross-entropy of the logits x Wᵀ of these hidden states [N, D] against `targets` [N], one value a row, without
    /// ever holding all N × V logits: memory stays within the limits whatever N is.
    ///
    /// The idea of fusing the projection with its loss is that of Wijmans et al. (arXiv 2411.09009) and Hsu et al.
    /// (arXiv 2410.10989).
    ///
    /// - Parameters:
    ///   - head: W, [V, D]
    ///   - targets: int64, each in 0..<V.
    /// - Returns: fp32 losses [N], differentiable in x and W under any weighting, and details where asked for.
    public func linearCrossEntropy(
        _ head: Tensor, _ targets: Tensor, detailed: Bool = false, limits: LinearCrossEntropyLimits = .init()
    ) throws(TorchError) -> (losses: Tensor, details: PredictionDetails?) {
        let rows = Swift.max(1, limits.chunkElements / Swift.max(1, head.size(0)))
        var (losses, squares, hits): (ct_tensor?, ct_tensor?, ct_tensor?)
        if detailed {
            let status = ct_linear_cross_entropy(
                handle, head.handle, targets.handle, rows, limits.keptBytes, &losses, &squares, &hits)
            try check(status, "linearCrossEntropy", [self, head, targets])
            return (
                Tensor(owning: losses!),
                PredictionDetails(squaredProbabilities: Tensor(owning: squares!), hits: Tensor(owning: hits!))
            )
        }
        let status = ct_linear_cross_entropy(
            handle, head.handle, targets.handle, rows, limits.keptBytes, &losses, nil, nil)
        try check(status, "linearCrossEntropy", [self, head, targets])
        return (Tensor(owning: losses!), nil)
    }

    /// ‖softmax(f) − onehot‖ of logits [N, C, …] for classes [N, …], which is the norm of the cross-entropy's gradient
    /// with respect to the logits, [N, …]; 0 where `ignoredIndex` is the class.
    public func classResiduals(_ target: Tensor, ignoring ignoredIndex: Int = -100) throws(TorchError) -> Tensor {
        let right = try (-crossEntropy(target, reduction: .none, ignoring: ignoredIndex)).exp()
        let known = try target.notEqual(Double(ignoredIndex)).to(dtype)
        return try (softmax(1).square().sum(1) - right * 2 + 1).clamped(min: 0).sqrt() * known
    }

    /// The sums of [N] values by owner: out[o] is the sum over the rows whose owner is o.
    ///
    /// - Parameter owners: int64 [N], each in 0..<count.
    public func summed(by owners: Tensor, count: Int) throws(TorchError) -> Tensor {
        try operation("summed", [self, owners]) { ct_sum_by_owner(handle, owners.handle, count, $0) }
    }
}
