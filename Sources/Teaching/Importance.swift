extension Selection {
    /// Each example is taught with a probability in proportion to its score, on its own; the estimated worth decides in
    /// every lesson whether to select at all.
    ///
    /// With scores that estimate the norms of the examples' gradients and weights that are unbiased, a probability in
    /// proportion to the score gives a gradient the least variance at its cost. Source: Katharopoulos & Fleuret, "Not All
    /// Samples Are Created Equal: Deep Learning with Importance Sampling", ICML 2018, arXiv 1803.00942.
    public struct Importance: Codable, Sendable, Equatable {
        /// The smallest probability, in `(0, 1]`, so that every example returns.
        public var floor: Double
        /// Examples whose score is at this quantile of the known ones or above are always taught, in `(0, 1]`.
        public var certain: Double
        /// The largest ``work(of:)`` at which a selection is made, in `(0, 1]`; above it all examples are taught.
        public var worth: Double

        public init(floor: Double = 0.4, certain: Double = 0.9, worth: Double = 0.9) {
            self.floor = floor
            self.certain = certain
            self.worth = worth
        }

        /// The probability that an example is taught. One without a known score is.
        ///
        /// - Parameter reference: the score from which on it is 1.
        public func probability(of score: Float, reference: Float) -> Float {
            guard score == score else { return 1 }
            guard reference > 0 else { return 1 }
            return min(1, max(Float(floor), score / reference))
        }

        /// What the same precision of the gradient costs, as a share of teaching all examples: the expected number of
        /// examples taught, times the sum of `s² / p`, each over its value for all. Staleness of scores is not in it, and
        /// of examples without a known score nothing is: the known ones stand for all.
        public func work(of scores: some Collection<Float>, reference: Float) -> Double {
            work(of: scores, reference: reference, among: Alone<Never>())
        }

        /// As ``work(of:reference:)``, where each rank has some of the scores.
        func work<Ranks: Reduction>(
            of scores: some Collection<Float>, reference: Float, among ranks: Ranks
        ) throws(Ranks.Failure) -> Double {
            var (known, taught, square, spread) = (ExactSum(), ExactSum(), ExactSum(), ExactSum())
            for score in scores where score.isFinite {
                let (probability, norm) = (Double(probability(of: score, reference: reference)), Double(max(0, score)))
                known.add(1)
                taught.add(probability)
                square.add(norm * norm)
                spread.add(norm * norm / probability)
            }
            let sums = try ranks.values(of: [known, taught, square, spread])
            guard sums[2] > 0 else { return 1 }
            return sums[1] / sums[0] * sums[3] / sums[2]
        }
    }
}

extension Teacher {
    /// Share of the batches whose scores are wanted. Where importance was not worth a selection, a sample is enough to see
    /// when it is, so that a score that costs something costs hardly anything while nothing comes of it.
    var recordedShare: Double {
        guard policy.recordsScores else { return 0 }
        guard case .importance = policy.selection, chosen?.examples == nil else { return 1 }
        return 0.125
    }

    /// Draws by importance, where that is worth it.
    func sample(_ importance: Selection.Importance, into chosen: inout Chosen) throws {
        guard let reference = try scoreQuantiles([importance.certain]).first,
            try importance.work(
                of: table.scores, reference: reference, among: ranks) <= importance.worth
        else { return }
        let random = CounterRandom(seed: seed, purpose: .selection, number: nextNumber)
        var cap = Float(1)
        if case .unbiased(let limit) = policy.weights { cap = Float(limit) }
        var examples: [Int32] = []
        var weights: [Float] = []
        for (index, score) in zip(shard.examples, table.scores) {
            let probability = importance.probability(of: score, reference: reference)
            guard random.uniform(at: UInt64(index)) < Double(probability) else { continue }
            examples.append(Int32(index))
            weights.append(min(cap, 1 / probability))
        }
        examples = try ranks.joined(examples, of: exampleCount)
        weights = try ranks.joined(weights)
        guard !examples.isEmpty else { return }
        chosen.examples = examples.count == exampleCount ? nil : examples
        chosen.weights = policy.weights == .none ? nil : weights
    }
}
