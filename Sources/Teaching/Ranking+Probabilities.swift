extension Ranking {
    /// The probabilities with which the chosen examples were chosen, in the order of `draw.examples`.
    ///
    /// For `soft` they are conditional on the threshold kappa, the best perturbed score not chosen:
    /// `1 - exp(-exp(phi - kappa))`, which makes the inverse-probability estimate of a sum exactly unbiased (Kool et
    /// al., "Stochastic Beams and Where to Find Them", ICML 2019). For `random` they are `k / N`. Examples
    /// that are chosen whatever the chance have 1, so `hard` has 1 for all of them.
    ///
    /// - Parameter scores: those that the draw was made from.
    public func probabilities(
        of draw: Draw, scores: some Collection<Float>, ceiling: Float = .infinity
    ) -> [Float] {
        probabilities(of: draw, scores: scores, of: scores.count, ceiling: ceiling, among: Alone<Never>())
    }

    /// As ``probabilities(of:scores:ceiling:)``, where each rank has the scores of its shard of `exampleCount` examples.
    func probabilities<Ranks: Reduction>(
        of draw: Draw, scores: some Collection<Float>, of exampleCount: Int, ceiling: Float, among ranks: Ranks
    ) throws(Ranks.Failure) -> [Float] {
        guard let threshold = draw.threshold else { return Array(repeating: 1, count: draw.examples.count) }
        switch self {
        case .random:
            let share = Float(draw.examples.count) / Float(exampleCount)
            return Array(repeating: share, count: draw.examples.count)
        case .hard:
            return Array(repeating: 1, count: draw.examples.count)
        case .soft(let soft):
            let shards = Shards(count: ranks.rankCount, exampleCount: exampleCount)
            let own = shards.places(of: draw.examples, in: ranks.rank)
            let result = scores.withContiguous { scores in
                let potentials = Potentials(of: Potential(soft), scores: scores, ceiling: ceiling)
                return Result { () throws(Ranks.Failure) in
                    try potentials.probabilities(of: own, threshold: ScoreOrder.score(threshold), among: ranks)
                }
            }
            return shards.merged(try ranks.gathered(result.get()), like: draw.examples)
        }
    }
}

/// The potentials of examples, no score counting as more than a ceiling.
private struct Potentials {
    private let potential: Potential
    private let scores: UnsafeBufferPointer<Float>
    private let ceiling: Float
    private let last: Int32

    init(of potential: Potential, scores: UnsafeBufferPointer<Float>, ceiling: Float) {
        self.potential = potential
        self.scores = scores
        self.ceiling = ceiling
        last = Int32(scores.count - 1)
    }

    func probabilities<Ranks: Reduction>(
        of examples: [Int32], threshold: Float, among ranks: Ranks
    ) throws(Ranks.Failure) -> [Float] {
        threshold.isFinite
            ? certainties(of: examples, threshold: threshold)
            : try tieProbabilities(of: examples, threshold: threshold, among: ranks)
    }

    private func certainties(of examples: [Int32], threshold: Float) -> [Float] {
        map(examples) { potential in
            let rate = FloatMath.exp(potential - threshold)
            var probability = 1 - FloatMath.exp(-rate)
            // 1 - exp(-x) cancels for small x; its series does not.
            let tail: SIMD4<Float> = 0.5 - rate * (1.0 / 6)
            let series: SIMD4<Float> = rate - rate * rate * tail
            probability.replace(with: series, where: rate .< 0.02)
            probability.replace(with: 1, where: potential .!= potential)
            return probability
        }
    }

    /// Where the threshold is unknown or infinite, those above it are certain and those equal to it share its places.
    private func tieProbabilities<Ranks: Reduction>(
        of examples: [Int32], threshold: Float, among ranks: Ranks
    ) throws(Ranks.Failure) -> [Float] {
        func isTied(_ potential: Float) -> Bool {
            threshold.isNaN ? potential.isNaN : potential == threshold
        }
        var tied = 0
        for start in stride(from: 0, to: scores.count, by: 1 << 16) {
            let some = Array(Int32(start)..<Int32(min(start + 1 << 16, scores.count)))
            tied += map(some) { $0 }.count { isTied($0) }
        }
        let potentials = map(examples) { $0 }
        let counts = try ranks.sum([Int64(potentials.count { isTied($0) }), Int64(tied)])
        return potentials.map { isTied($0) ? Float(counts[0]) / Float(counts[1]) : 1 }
    }

    @inline(__always)
    private func map(_ examples: [Int32], _ transform: (SIMD4<Float>) -> SIMD4<Float>) -> [Float] {
        let whole = examples.count / 4
        var results = [Float](unsafeUninitializedCapacity: examples.count) { output, initialized in
            examples.withUnsafeBytes { examples in
                let output = UnsafeMutableRawBufferPointer(output)
                for position in stride(from: 0, to: 16 * whole, by: 16) {
                    let lanes = examples.loadUnaligned(fromByteOffset: position, as: SIMD4<Int32>.self)
                    output.storeBytes(of: transform(self[lanes]), toByteOffset: position, as: SIMD4<Float>.self)
                }
            }
            initialized = 4 * whole
        }
        for example in examples[(4 * whole)...] { results.append(transform(self[SIMD4(repeating: example)])[0]) }
        return results
    }

    private subscript(examples: SIMD4<Int32>) -> SIMD4<Float> {
        @inline(__always) get {
            precondition(all(examples .>= 0 .& examples .<= last), "a draw from other scores")
            var lanes = SIMD4<Float>()
            for lane in 0..<4 { lanes[lane] = scores.baseAddress![Int(examples[lane])] }
            return potential(lanes.replacing(with: ceiling, where: lanes .> ceiling))
        }
    }
}
