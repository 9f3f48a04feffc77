/// Chooses which elements (patches, tokens) of each example are taught, as a function of seed, lesson and example.
public struct ElementSampler: Sendable, Equatable {
    public let seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
    }

    /// Uniformly random elements.
    ///
    /// - Parameters:
    ///   - examples: B example numbers.
    ///   - kept: elements kept of each example, `1...count`; see ``ElementSchedule/elementCount(of:at:)``.
    ///   - count: elements of each example.
    /// - Returns: `[B, kept]` element numbers, row by row, rising within a row.
    public func indices(for examples: [Int32], keeping kept: Int, of count: Int, lesson: Int) -> [Int32] {
        sample(examples, keeping: kept, of: count, lesson: lesson) { _, _ in 0 }.indices
    }

    /// Random elements, an important one more likely: successive draws without replacement in proportion to importance
    /// (Gumbel-top-k).
    ///
    /// - Parameter importance: `[B, count]` numbers of at least 0; those that are not finite count as 0.
    /// - Returns: the elements as above, and for each of them a weight that makes a mean over the kept elements an
    ///   unbiased estimate of the mean over all: `kept / (count * probability)`, at most `cap`.
    public func sample(
        for examples: [Int32], keeping kept: Int, of count: Int, lesson: Int, importance: [Float], cap: Float = 10
    ) -> (indices: [Int32], weights: [Float]) {
        precondition(importance.count == examples.count * count, "one importance an element")
        let potentials = stride(from: 0, to: importance.count, by: 4).flatMap { start in
            var lanes = SIMD4<Float>(repeating: 0)
            for lane in 0..<min(4, importance.count - start) {
                let value = importance[start + lane]
                lanes[lane] = value.isFinite && value > 0 ? value : 0
            }
            let logarithms = FloatMath.log(lanes)
            return (0..<4).map { logarithms[$0] }
        }
        let result = sample(examples, keeping: kept, of: count, lesson: lesson) { potentials[$0 * count + $1] }
        guard kept < count else { return (result.indices, Array(repeating: 1, count: result.indices.count)) }
        let share = Float(kept) / Float(count)
        let weights = result.indices.indices.map { position in
            let row = position / kept
            let potential = potentials[row * count + Int(result.indices[position])]
            let probability = inclusion(potential, threshold: result.thresholds[row])
            return min(cap, share / probability)
        }
        return (result.indices, weights)
    }

    private func sample(
        _ examples: [Int32], keeping kept: Int, of count: Int, lesson: Int, potential: (Int, Int) -> Float
    ) -> (indices: [Int32], thresholds: [Float]) {
        precondition(kept >= 1 && kept <= count, "1 to \(count) elements can be kept")
        var indices: [Int32] = []
        var thresholds: [Float] = []
        indices.reserveCapacity(examples.count * kept)
        for (row, example) in examples.enumerated() {
            let random = CounterRandom(seed: seed, purpose: .elements, number: lesson, index: example)
            var keys = (0..<count).map { element in
                (value: potential(row, element) + random.gumbel(at: UInt64(element)), element: Int32(element))
            }
            if kept < count { keys.sort { $0.value != $1.value ? $0.value > $1.value : $0.element < $1.element } }
            indices.append(contentsOf: keys[..<kept].map(\.element).sorted())
            thresholds.append(kept < count ? keys[kept].value : -.infinity)
        }
        return (indices, thresholds)
    }

    /// As in ``Ranking/probabilities(of:scores:ceiling:)``; certain where nothing competes.
    private func inclusion(_ potential: Float, threshold: Float) -> Float {
        guard threshold > -.infinity else { return 1 }
        let rate = FloatMath.exp(SIMD4(repeating: potential - threshold))
        let probability = 1 - FloatMath.exp(-rate)[0]
        return rate[0] < 1e-3 ? max(rate[0], .leastNormalMagnitude) : probability
    }
}
