import Torch

/// y = x Wᵀ + b, with `weight` [out, in] and `bias` [out], and beside it a low-rank adapter where the builder's policy says so.
public struct Linear: Sendable {
    /// How the weight lies on disk and in memory.
    public enum Layout: Sendable {
        /// [out, in]
        case outputsFirst
        /// [in, out], as in GPT-2's `Conv1D`.
        case inputsFirst
    }

    public let weight: Tensor
    public let bias: Tensor?
    public let layout: Layout
    public let adapter: LowRankAdapter?

    public init(
        _ path: Path, from inputs: Int, to outputs: Int, bias: Bool = true,
        initializer: Initializer = .truncatedNormal(deviation: 0.02), layout: Layout = .outputsFirst
    ) throws(TorchError) {
        let shape = layout == .outputsFirst ? [outputs, inputs] : [inputs, outputs]
        weight = try path.builder.parameter((path / "weight").name, shape, initializer, mayStayNarrow: true)
        self.bias = bias ? try path.parameter("bias", [outputs], .zeros) : nil
        self.layout = layout
        adapter = try path.builder.adapter(path, from: inputs, to: outputs, layout)
    }

    /// A map without bias that shares the table of an embedding.
    public init(_ path: Path, tiedTo table: Embedding) throws(TorchError) {
        weight = try path.tied("weight", to: table.weight)
        (bias, layout) = (nil, .outputsFirst)
        adapter = try path.builder.adapter(path, from: weight.size(1), to: weight.size(0), layout)
    }

    /// - Parameters:
    ///   - x: [..., in]
    ///   - residual: added to the result where given, [..., out].
    ///   - isTraining: whether the adapter's dropout is on.
    public func callAsFunction(
        _ x: Tensor, adding residual: Tensor? = nil, isTraining: Bool = false
    ) throws(TorchError) -> Tensor {
        let y = try x.linear(outputsFirst, bias, adding: residual)
        try ParameterTap.linear(weight, bias, layout, from: x, to: y)
        guard let adapter else { return y }
        return try y + adapter(x, isTraining)
    }

    /// The weight as [out, in].
    private var outputsFirst: Tensor {
        get throws(TorchError) { layout == .outputsFirst ? weight : try weight.transposed(0, 1) }
    }

    /// `narrowing` of the GELU of this map's result, and `residual` added where given.
    public func perceptron(
        _ x: Tensor, into narrowing: Linear, tanhApproximation: Bool = false, adding residual: Tensor? = nil,
        isTraining: Bool = false
    ) throws(TorchError) -> Tensor {
        guard adapter == nil, narrowing.adapter == nil, weight.dtype == x.dtype, narrowing.weight.dtype == x.dtype,
            !ParameterTap.isRecording
        else {
            let inner = try self(x, isTraining: isTraining).gelu(tanhApproximation: tanhApproximation)
            return try narrowing(inner, adding: residual, isTraining: isTraining)
        }
        return try x.perceptron(
            (outputsFirst, bias), (narrowing.outputsFirst, narrowing.bias), tanhApproximation: tanhApproximation,
            adding: residual)
    }

    /// The weight that this map amounts to with its adapter, [out, in], for those who multiply `dtype` by it themselves.
    ///
    /// An adapter's dropout is on its input, so it has no part in this.
    public func effectiveWeight(_ dtype: DType) throws(TorchError) -> Tensor {
        let stored = try outputsFirst
        let base = stored.dtype == dtype ? stored : try stored.to(dtype)
        guard let adapter else { return base }
        return try base + adapter.delta().to(base.dtype)
    }
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
    public func callAsFunction(_ indices: Tensor) throws(TorchError) -> Tensor {
        guard let recorder = ParameterTap.recorder else { return try weight.embedding(indices) }
        // Positions that all examples share are looked up for each, so that their derivatives can be told apart.
        let isShared = indices.size(0) == 1
        let own = isShared ? try indices.expanded([recorder.batch] + indices.shape.dropFirst()) : indices
        let y = try weight.embedding(own)
        try ParameterTap.lookup(weight, own, at: y)
        return y
    }
}
