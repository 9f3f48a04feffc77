extension Ranking {
    /// The probabilities with which the chosen examples were chosen, in the order of `draw.examples`.
    ///
    /// For `soft` they are conditional on the threshold kappa, the best perturbed score not chosen:
    /// `1 - exp(-exp(phi - kappa))`, which makes the inverse-probability estimate of a sum exactly unbiased (Kool et
    /// al., "Stochastic Beams and Where to Find Them", ICML 2019). For `random` they are `k / N`. Examples
    /// that are chosen whatever the chance have 1, so `hard` has 1 for all of them.
    public func probabilities(of draw: Draw, scores: [Float], ceiling: Float = .infinity) -> [Float] {
        guard let threshold = draw.threshold else { return Array(repeating: 1, count: draw.examples.count) }
        switch self {
        case .random:
            let share = Float(draw.examples.count) / Float(scores.count)
            return Array(repeating: share, count: draw.examples.count)
        case .hard:
            return Array(repeating: 1, count: draw.examples.count)
        case .soft(let soft):
            let kappa = ScoreOrder.score(threshold)
            let limited = LimitedScores(scores: scores, ceiling: ceiling)
            return kappa.isFinite
                ? soft.probabilities(of: draw.examples, scores: limited, threshold: kappa)
                : soft.tieProbabilities(of: draw.examples, scores: limited, threshold: kappa)
        }
    }
}

/// Scores of which none counts as more than a ceiling.
private struct LimitedScores {
    let scores: [Float]
    let ceiling: Float

    func lanes(_ examples: [Int32], at position: Int) -> SIMD4<Float> {
        var lanes = SIMD4<Float>(repeating: .nan)
        for lane in 0..<min(4, examples.count - position) {
            lanes[lane] = scores[Int(examples[position + lane])]
        }
        lanes.replace(with: ceiling, where: lanes .> ceiling)
        return lanes
    }
}

extension Selection.Soft {
    fileprivate func probabilities(
        of examples: [Int32], scores: LimitedScores, threshold: Float
    ) -> [Float] {
        map(examples, scores: scores) { potential in
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
    fileprivate func tieProbabilities(of examples: [Int32], scores: LimitedScores, threshold: Float) -> [Float] {
        func isTied(_ potential: Float) -> Bool {
            threshold.isNaN ? potential.isNaN : potential == threshold
        }
        let potentials = map(examples, scores: scores) { $0 }
        let places = potentials.count { isTied($0) }
        let everyone = Array(0..<Int32(scores.scores.count))
        let tied = map(everyone, scores: scores) { $0 }.count { isTied($0) }
        return potentials.map { isTied($0) ? Float(places) / Float(tied) : 1 }
    }

    private func map(
        _ examples: [Int32], scores: LimitedScores, _ transform: (SIMD4<Float>) -> SIMD4<Float>
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: examples.count) { output, initialized in
            for position in stride(from: 0, to: examples.count, by: 4) {
                let values = transform(potential(scores.lanes(examples, at: position)))
                for lane in 0..<min(4, examples.count - position) { output[position + lane] = values[lane] }
            }
            initialized = examples.count
        }
    }
}
