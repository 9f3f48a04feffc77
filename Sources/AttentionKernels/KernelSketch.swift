import Torch

/// A random-projection estimate of a tangent kernel, with its error.
public struct KernelSketch {
    /// The unbiased estimate, [R, R] in float64; positive semi-definite.
    public let estimate: Tensor
    /// The standard error of each of its entries, [R, R], from the spread of independent projections.
    public let standardError: Tensor
}

extension TangentKernel {
    /// Estimates the kernel from derivatives that are projected as soon as they are computed: each is computed once, and
    /// memory holds one example's and R · `width` · `repeats` projected numbers, whatever the number of parameters.
    ///
    /// A projection permutes the coordinates at random, flips their signs at random and adds up those that are equal modulo
    /// the width: a count sketch (Charikar et al., 2002) with buckets of equal size, sparse as that of Dasgupta et al.
    /// (arXiv 1004.4240). Inner products keep their expectation, and deviate by about ‖x‖‖y‖/√width.
    ///
    /// - Parameters:
    ///   - width: numbers that a derivative is projected to.
    ///   - repeats: independent projections, 2 at least; their mean is the estimate, their spread tells its error.
    public func sketch(width: Int, repeats: Int = 4, seed: UInt64 = 0) throws -> KernelSketch {
        guard width >= 1 else { throw AntkError.setting(name: "width", found: "\(width)", expected: "at least 1") }
        guard repeats >= 2 else {
            throw AntkError.setting(name: "repeats", found: "\(repeats)", expected: "at least 2")
        }
        let generator = try Generator(seed: seed)
        let projections = try (0..<repeats).map { _ in
            try Projection(from: learner.parameters.count, to: width, generator)
        }
        var projected = [[Tensor]](repeating: [], count: repeats)
        for example in 0..<learner.exampleCount {
            let derivative = try learner.jacobian(of: example)
            for index in projections.indices { projected[index].append(try projections[index](derivative)) }
        }
        let kernels = try projected.map { parts in
            let rows = try Tensor.concatenated(parts, 0).to(.float64)
            return try rows.matmul(rows.transposed(0, 1))
        }
        let all = try Tensor.stacked(kernels)
        let sketch = KernelSketch(
            estimate: try all.mean(0), standardError: try (all.variance(0) / Double(repeats)).sqrt())
        try checkFinite(sketch.estimate)
        return sketch
    }
}

/// One count sketch.
private struct Projection {
    let width: Int
    let padding: Int
    let order: Tensor  // int64 [P + padding]
    let signs: Tensor  // [P + padding]

    init(from count: Int, to width: Int, _ generator: Generator) throws(TorchError) {
        self.width = width
        padding = (width - count % width) % width
        order = try generator.uniform([count + padding]).sorted().indices
        signs = try generator.uniform([count + padding]).greater(0.5).to(.float32) * 2 - 1
    }

    /// [R, P] → [R, width]
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let zeros = try Tensor.zeros([x.size(0), padding], dtype: x.dtype, device: x.device)
        let padded = padding > 0 ? try Tensor.concatenated([x, zeros], 1) : x
        return try (padded.selected(1, order) * signs.to(x.dtype)).reshaped(x.size(0), -1, width).sum(1)
    }
}
