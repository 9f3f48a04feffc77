import Torch

/// The attention neural tangent kernel of a learner at its present parameters,
/// K(S, S') = ⟨∂f(S)/∂θ, ∂f(S')/∂θ⟩ (Jacot et al., arXiv 1806.07572, for networks at large; arXiv 2602.20461 for attention
/// networks), between all outputs of all examples.
public struct TangentKernel {
    public let learner: DifferentiableLearner
    /// Bytes that derivatives may take at a time, or what they follow from; fewer bytes mean that some are computed several
    /// times.
    public let memory: Int
    /// What derivatives are rounded to before they are multiplied; not automatic.
    public let precision: KernelPrecision
    /// Examples whose derivatives are held as one block, of which there are two at a time.
    let blocks: [Range<Int>]
    /// The parameters, piece by piece.
    let pieces: [DerivativePiece]

    /// - Throws: ``AntkError/memory(needed:allowed:rows:parameters:)`` where two examples' derivatives do not fit.
    public init(
        _ learner: DifferentiableLearner, memory: Int = 1 << 30, precision: KernelPrecision = .automatic
    ) throws(AntkError) {
        (self.learner, self.memory) = (learner, memory)
        self.precision = precision.resolved
        let example = learner.bytesPerExample
        var size = learner.exampleCount
        if example * size > memory {
            guard 2 * example <= memory else {
                throw .memory(
                    needed: example, allowed: memory, rows: learner.outputCount, parameters: learner.parameters.count)
            }
            size = memory / (2 * example)
        }
        blocks = stride(from: 0, to: learner.exampleCount, by: max(1, size)).map {
            $0..<min($0 + size, learner.exampleCount)
        }
        pieces = DerivativePiece.all(of: learner.parameters, outputs: size * learner.outputCount)
    }

    /// The kernel, [R, R] over R = examples · outputs in order, in float64.
    ///
    /// - Throws: ``AntkError/notDifferentiable(example:reason:)`` where a derivative is not a number.
    public func matrix() throws -> Tensor {
        var rows: [[Tensor]] = []
        for (a, block) in blocks.enumerated() {
            let first = try learner.derivatives(of: block)
            // What lies left of the diagonal is known from the rows above.
            var row = try rows.indices.map { try rows[$0][a].transposed(0, 1) }
            row.append(try square(first, block))
            for other in blocks[(a + 1)...] {
                row.append(try products(first, block, learner.derivatives(of: other), other))
            }
            rows.append(row)
        }
        let matrix = try rows.count == 1 ? rows[0][0] : Tensor.concatenated(rows.map { try .concatenated($0, 1) }, 0)
        try checkFinite(matrix)
        return matrix
    }

    private func square(_ derivatives: ExampleDerivatives, _ examples: Range<Int>) throws -> Tensor {
        var sum = try ProductSum(rows: examples.count * learner.outputCount)
        for piece in pieces {
            if let part = try derivatives(piece) { try sum.add(part, rounding: rounds(piece)) }
        }
        return try sum.matrix()
    }

    private func products(
        _ a: ExampleDerivatives, _ examples: Range<Int>, _ b: ExampleDerivatives, _ others: Range<Int>
    ) throws -> Tensor {
        var sum = try ProductSum(
            rows: examples.count * learner.outputCount, columns: others.count * learner.outputCount)
        for piece in pieces {
            if let left = try a(piece), let right = try b(piece) {
                try sum.add(left, right, rounding: rounds(piece))
            }
        }
        return try sum.matrix()
    }

    private func rounds(_ piece: DerivativePiece) -> Bool {
        precision.rounds(learner.parameters.entries[piece.parameter].tensor)
    }

    /// - Throws: an error that names the first example, and the parameters, whose derivatives are not numbers.
    func checkFinite(_ matrix: Tensor) throws {
        let sums = try matrix.sum(1).values(as: Double.self)
        guard sums.contains(where: { !$0.isFinite }) else { return }
        // A row's sum is not finite where any partner is not; what stands on the diagonal is the output's own.
        let values = try matrix.values(as: Double.self)
        let row = sums.indices.first { !values[$0 * (sums.count + 1)].isFinite } ?? 0
        throw try notFinite(example: row / learner.outputCount)
    }

    private func notFinite(example: Int) throws -> AntkError {
        let derivatives = try learner.derivatives(of: example..<example + 1)
        var bad: Set<Int> = []
        for piece in pieces {
            if let part = try derivatives(piece), try !part.sum().item().isFinite { bad.insert(piece.parameter) }
        }
        let entries = learner.parameters.entries
        let good = entries.indices.last { !bad.contains($0) }.map { entries[$0].name }
        let name = bad.min().map { entries[$0].name } ?? "the parameters"
        let advice =
            good.map { "restrict the parameters to others, such as \($0)" } ?? "restrict the examples or outputs"
        return .notDifferentiable(
            example: example, reason: "a derivative of its outputs by \(name) is not a finite number; \(advice)")
    }
}
