import CTorch

/// A source of random tensors of its own; equal seeds give equal draws.
public final class Generator {
    private let handle: ct_generator

    public init(seed: UInt64) throws(TorchError) {
        var handle: ct_generator?
        try check(ct_generator_new(seed, &handle), "generator")
        self.handle = handle!
    }

    deinit { ct_generator_free(handle) }

    public func normal(_ shape: [Int], mean: Double = 0, deviation: Double = 1) throws(TorchError) -> Tensor {
        try operation("normal") { ct_normal(shape, Int32(shape.count), mean, deviation, handle, $0) }
    }
    public func uniform(_ shape: [Int], in range: Range<Double> = 0..<1) throws(TorchError) -> Tensor {
        try operation("uniform") {
            ct_uniform(shape, Int32(shape.count), range.lowerBound, range.upperBound, handle, $0)
        }
    }
}
