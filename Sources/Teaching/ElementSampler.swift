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
        sample(examples, keeping: kept, of: count, lesson: lesson, potentials: nil).indices
    }

    /// Random elements, an important one more likely: as ``sample(for:keeping:of:lesson:importance:cap:)`` draws them.
    public func indices(
        for examples: [Int32], keeping kept: Int, of count: Int, lesson: Int, importance: [Float]
    ) -> [Int32] {
        precondition(importance.count == examples.count * count, "one importance an element")
        return sample(
            examples, keeping: kept, of: count, lesson: lesson, potentials: Self.potentials(of: importance)
        ).indices
    }

    /// Random elements, an important one more likely: successive draws without replacement in proportion to importance
    /// (Gumbel-top-k).
    ///
    /// - Parameter importance: `[B, count]` numbers of at least 0; those that are not finite count as 0. An element of 0 is
    ///   kept, by chance alone, only where fewer than `kept` are above it.
    /// - Returns: the elements as above, and for each of them a weight that makes a mean over the kept elements an
    ///   unbiased estimate of the mean over all: `kept / (count * probability)`, at most `cap`.
    public func sample(
        for examples: [Int32], keeping kept: Int, of count: Int, lesson: Int, importance: [Float], cap: Float = 10
    ) -> (indices: [Int32], weights: [Float]) {
        precondition(importance.count == examples.count * count, "one importance an element")
        let potentials = Self.potentials(of: importance)
        let result = sample(examples, keeping: kept, of: count, lesson: lesson, potentials: potentials)
        guard kept < count else { return (result.indices, Array(repeating: 1, count: result.indices.count)) }
        let share = Float(kept) / Float(count)
        let weights = result.indices.indices.map { position in
            let row = position / kept
            let potential = potentials[row * count + Int(result.indices[position])]
            guard result.thresholds[row] > -.infinity else {
                let competing = potentials[row * count..<(row + 1) * count]
                return min(cap, share / Self.inclusion(potential, of: competing, keeping: kept))
            }
            return min(cap, share / Self.inclusion(potential, threshold: result.thresholds[row]))
        }
        return (result.indices, weights)
    }

    /// Logarithms; that of 0 where a number is not finite.
    private static func potentials(of importance: [Float]) -> [Float] {
        var result = importance
        for start in stride(from: 0, to: result.count, by: 4) {
            let lanes = min(4, result.count - start)
            var values = SIMD4<Float>(repeating: 0)
            for lane in 0..<lanes {
                let value = result[start + lane]
                values[lane] = value.isFinite && value > 0 ? value : 0
            }
            let logarithms = FloatMath.log(values)
            for lane in 0..<lanes { result[start + lane] = logarithms[lane] }
        }
        return result
    }

    /// - Parameter potentials: `[B, count]`; all 0 where nil.
    private func sample(
        _ examples: [Int32], keeping kept: Int, of count: Int, lesson: Int, potentials: [Float]?
    ) -> (indices: [Int32], thresholds: [Float]) {
        precondition(kept >= 1 && kept <= count, "1 to \(count) elements can be kept")
        var indices: [Int32] = []
        var thresholds: [Float] = []
        var keys: [(value: Float, noise: Float, element: Int32)] = []
        indices.reserveCapacity(examples.count * kept)
        keys.reserveCapacity(count)
        for (row, example) in examples.enumerated() {
            let random = CounterRandom(seed: seed, purpose: .elements, number: lesson, index: example)
            keys.removeAll(keepingCapacity: true)
            for start in stride(from: 0, to: count, by: 4) {
                let noise = FloatMath.gumbel(random.block(UInt64(start / 4)))
                for element in start..<min(start + 4, count) {
                    let potential = potentials?[row * count + element] ?? 0
                    keys.append((potential + noise[element - start], noise[element - start], Int32(element)))
                }
            }
            // Elements of no importance are all worth the same, and their noise tells them apart.
            if kept < count { keys.sort { ($0.value, $0.noise, $1.element) > ($1.value, $1.noise, $0.element) } }
            thresholds.append(kept < count ? keys[kept].value : -.infinity)
            keys[..<kept].sort { $0.element < $1.element }
            for key in keys[..<kept] { indices.append(key.element) }
        }
        return (indices, thresholds)
    }

    /// Where no more than `kept` of the potentials are above that of no importance: these are certain, and the others share
    /// the places that are left.
    private static func inclusion(_ potential: Float, of potentials: ArraySlice<Float>, keeping kept: Int) -> Float {
        guard potential == -.infinity else { return 1 }
        let certain = potentials.count { $0 > -.infinity }
        return Float(kept - certain) / Float(potentials.count - certain)
    }

    /// As in ``Ranking/probabilities(of:scores:ceiling:)``.
    private static func inclusion(_ potential: Float, threshold: Float) -> Float {
        let rate = FloatMath.exp(SIMD4(repeating: potential - threshold))
        let probability = 1 - FloatMath.exp(-rate)[0]
        return rate[0] < 1e-3 ? max(rate[0], .leastNormalMagnitude) : probability
    }
}
