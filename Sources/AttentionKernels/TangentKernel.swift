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
            row.append(try square(first))
            for other in blocks[(a + 1)...] { row.append(try products(first, learner.derivatives(of: other))) }
            rows.append(row)
        }
        let matrix = try Tensor.concatenated(rows.map { try .concatenated($0, 1) }, 0)
        try checkFinite(matrix)
        return matrix
    }

    /// That of one block, of whose derivatives only a piece exists at a time.
    private func whole(_ examples: Range<Int>) throws -> Tensor {
        var square = try GramMatrix(rows: examples.count * learner.outputCount)
        try learner.forEachDerivative(of: examples) { try square.add($1) }
        return try square.matrix()
    }

    /// Derivatives part by part: the parts' products add up. As a linear map, which ``Engine/linearKernels`` may make
    /// faster.
    private func products(_ a: [Tensor], _ b: [Tensor]) throws -> Tensor {
        try sum(zip(a, b).map { try $0.linear($1).to(.float64) })
    }

    private func square(_ parts: [Tensor]) throws -> Tensor {
        var result = try GramMatrix(rows: parts[0].size(0))
        for part in parts { try result.add(part) }
        return try result.matrix()
    }

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
