import Torch

/// A random-projection estimate of a tangent kernel, with its error.
public struct KernelSketch {
    /// The unbiased estimate, [R, R] in float64; positive semi-definite.
    public let estimate: Tensor
    /// The standard error of each of its entries, [R, R], from the spread of independent projections.
    public let standardError: Tensor
}

extension TangentKernel {
    /// Estimates the kernel from derivatives that are projected piece by piece as they are computed: each is computed once,
    /// and memory holds a piece, what ``memory`` allows and R · `width` · `repeats` projected numbers, whatever the number of
    /// parameters.
    ///
    /// A projection permutes a piece's coordinates at random, flips their signs at random and adds up those that are equal
    /// modulo the width: a count sketch (Charikar et al., 2002) with buckets of equal size, sparse as that of Dasgupta et al.
    /// (arXiv 1004.4240). Inner products keep their expectation, by the signs alone, and deviate by about ‖x‖‖y‖/√width.
    ///
    /// - Parameters:
    ///   - width: numbers that a derivative is projected to.
    ///   - repeats: independent projections, 2 at least; their mean is the estimate, their spread tells its error.
    public func sketch(width: Int, repeats: Int = 4, seed: UInt64 = 0) throws -> KernelSketch {
        guard width >= 1 else { throw AntkError.setting(name: "width", found: "\(width)", expected: "at least 1") }
        guard repeats >= 2 else {
            throw AntkError.setting(name: "repeats", found: "\(repeats)", expected: "at least 2")
        }
        var projections = (0..<repeats).map {
            Projection(to: width, seed: seed &* 0x9e37_79b9_7f4a_7c15 &+ UInt64($0))
        }
        var projected = [[Tensor]](repeating: [], count: repeats)
        for block in blocks {
            let derivatives = try learner.derivatives(of: block)
            let shape = [block.count * learner.outputCount, width]
            var sums = try (0..<repeats).map { _ in try Tensor.zeros(shape, dtype: .float64) }
            for (index, piece) in pieces.enumerated() {
                guard let part = try derivatives(piece) else { continue }
                for number in projections.indices {
                    sums[number] = try sums[number] + projections[number](part, piece: index).to(.float64)
                }
            }
            for number in projections.indices { projected[number].append(sums[number]) }
        }
        let kernels = try projected.map { parts in
            let rows = try Tensor.concatenated(parts, 0)
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
    let seed: UInt64
    /// Random orders, by the number of coordinates, as pieces are of few sizes.
    private var orders: [Int: Tensor] = [:]

    init(to width: Int, seed: UInt64) { (self.width, self.seed) = (width, seed) }

    /// [R, n] → [R, width]
    mutating func callAsFunction(_ x: Tensor, piece: Int) throws(TorchError) -> Tensor {
        let count = x.size(1)
        let padded = (count + width - 1) / width * width
        let generator = try Generator(seed: seed ^ UInt64(piece + 1) &* 0xbf58_476d_1ce4_e5b9)
        // Pieces of one size have one order; that their buckets are turned against each other keeps the same places of two of
        // them from always meeting.
        let order = try order(padded)
        let turn = try Int(generator.uniform([1]).item() * Double(width)) % width
        let signs = try generator.uniform([count]).greater(0.5).to(x.dtype) * 2 - 1
        let zeros = try Tensor.zeros([x.size(0), padded - count], dtype: x.dtype, device: x.device)
        let signed = try x * signs
        let whole = padded > count ? try Tensor.concatenated([signed, zeros], 1) : signed
        let folded = try whole.selected(1, order).reshaped(x.size(0), -1, width).sum(1)
        return try .concatenated([folded.sliced(1, turn..<width), folded.sliced(1, 0..<turn)], 1)
    }

    private mutating func order(_ count: Int) throws(TorchError) -> Tensor {
        if let known = orders[count] { return known }
        let order = try Generator(seed: ~seed &- UInt64(count)).uniform([count]).sorted().indices
        orders[count] = order
        return order
    }
}
