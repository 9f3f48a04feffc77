import Torch

/// The attention neural tangent kernel of a learner at its present parameters,
/// K(S, S') = ⟨∂f(S)/∂θ, ∂f(S')/∂θ⟩ (Jacot et al., arXiv 1806.07572, for networks at large; arXiv 2602.20461 for attention
/// networks), between all outputs of all examples.
public struct TangentKernel {
    public let learner: DifferentiableLearner
    /// Bytes that derivatives may take at a time; fewer bytes mean that some are computed several times.
    public let memory: Int
    /// Examples whose derivatives are held as one block, of which there are two at a time.
    let blocks: [Range<Int>]

    /// - Throws: ``AntkError/memory(needed:allowed:rows:parameters:)`` where two examples' derivatives do not fit.
    public init(_ learner: DifferentiableLearner, memory: Int = 1 << 30) throws(AntkError) {
        (self.learner, self.memory) = (learner, memory)
        let bytes = learner.parameters.entries.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount }
        let example = bytes * learner.outputCount
        guard example * learner.exampleCount > memory else {
            blocks = [0..<learner.exampleCount]
            return
        }
        guard 2 * example <= memory else {
            throw .memory(
                needed: example, allowed: memory, rows: learner.outputCount, parameters: learner.parameters.count)
        }
        let size = memory / (2 * example)
        blocks = stride(from: 0, to: learner.exampleCount, by: size).map {
            $0..<min($0 + size, learner.exampleCount)
        }
    }

    /// The kernel, [R, R] over R = examples · outputs in order, in float64.
    ///
    /// - Throws: ``AntkError/notDifferentiable(example:reason:)`` where a derivative is not a number.
    public func matrix() throws -> Tensor {
        guard blocks.count > 1 else {
            let matrix = try whole(blocks[0])
            try checkFinite(matrix)
            return matrix
        }
        var rows: [[Tensor]] = []
        for (a, block) in blocks.enumerated() {
            let first = try learner.derivatives(of: block)
            // What lies left of the diagonal is known from the rows above.
            var row = try rows.indices.map { try rows[$0][a].transposed(0, 1) }
            row.append(try squares(first))
            for other in blocks[(a + 1)...] { row.append(try products(first, learner.derivatives(of: other))) }
            rows.append(row)
        }
        let matrix = try Tensor.concatenated(rows.map { try .concatenated($0, 1) }, 0)
        try checkFinite(matrix)
        return matrix
    }

    /// That of one block, of whose derivatives only a part exists at a time.
    private func whole(_ examples: Range<Int>) throws -> Tensor {
        let rows = examples.count * learner.outputCount
        var total = try Tensor.zeros([rows, rows], dtype: .float64)
        try learner.forEachDerivative(of: examples) { total = try total + squares([$1]) }
        return total
    }

    /// Derivatives part by part: the parts' products add up. As a linear map, which ``Engine/linearKernels`` may make
    /// faster.
    private func products(_ a: [Tensor], _ b: [Tensor]) throws -> Tensor {
        try sum(zip(a, b).map { try $0.linear($1).to(.float64) })
    }

    /// `products(a, a)`, of which one triangle of strips is computed and the other is its mirror image.
    private func squares(_ a: [Tensor]) throws -> Tensor {
        let rows = a[0].size(0)
        let strips = stride(from: 0, to: rows, by: Self.strip).map { $0..<min($0 + Self.strip, rows) }
        var table: [[Tensor]] = []
        for (number, strip) in strips.enumerated() {
            let own = try a.map { try $0.sliced(0, strip) }
            let rest = try products(own, a.map { try $0.sliced(0, strip.lowerBound..<rows) })
            table.append(
                try strips.indices.map { other in
                    guard other >= number else { return try table[other][number].transposed(0, 1) }
                    let columns = strips[other]
                    return try rest.sliced(
                        1, columns.lowerBound - strip.lowerBound..<columns.upperBound - strip.lowerBound)
                })
        }
        return try .concatenated(table.map { try .concatenated($0, 1) }, 0)
    }

    private static let strip = 128

    private func sum(_ parts: [Tensor]) throws -> Tensor {
        try parts.dropFirst().reduce(parts[0]) { try $0 + $1 }
    }

    func checkFinite(_ matrix: Tensor) throws {
        let diagonal = try matrix.sum(1).values(as: Double.self)
        guard let bad = diagonal.firstIndex(where: { !$0.isFinite }) else { return }
        throw AntkError.notDifferentiable(
            example: bad / learner.outputCount, reason: "a derivative of its outputs is not a finite number")
    }
}
