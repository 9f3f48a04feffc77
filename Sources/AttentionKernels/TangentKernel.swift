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
        var rows: [[Tensor]] = []
        for (a, block) in blocks.enumerated() {
            let first = try derivatives(of: block)
            // What lies left of the diagonal is known from the rows above.
            var row = try rows.indices.map { try rows[$0][a].transposed(0, 1) }
            row.append(try products(first, first))
            for other in blocks[(a + 1)...] { row.append(try products(first, derivatives(of: other))) }
            rows.append(row)
        }
        let matrix = try Tensor.concatenated(rows.map { try .concatenated($0, 1) }, 0)
        try checkFinite(matrix)
        return matrix
    }

    /// The derivatives of a block's outputs, [examples · outputs, P].
    func derivatives(of block: Range<Int>) throws -> Tensor {
        try .concatenated(block.map { try learner.jacobian(of: $0) }, 0)
    }

    private func products(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        try a.matmul(b.transposed(0, 1)).to(.float64)
    }

    func checkFinite(_ matrix: Tensor) throws {
        let diagonal = try matrix.sum(1).values(as: Double.self)
        guard let bad = diagonal.firstIndex(where: { !$0.isFinite }) else { return }
        throw AntkError.notDifferentiable(
            example: bad / learner.outputCount, reason: "a derivative of its outputs is not a finite number")
    }
}
