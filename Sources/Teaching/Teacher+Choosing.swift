extension Teacher {
    /// Makes the selection of a cycle from the scores as they are.
    func choose(cycle: Int, phase: Plan.Phase) -> Chosen {
        var chosen = Chosen(cycle: cycle, phase: phase)
        switch (policy.selection, phase) {
        case (.window(let window), .annealing): chooseRandomly(1 - window.pruned, into: &chosen)
        case (_, .warmUp), (_, .annealing), (.admission, _): break
        case (.random, _): rank(.random, into: &chosen)
        case (.hard, _): rank(.hard, into: &chosen)
        case (.soft(let soft), _): rank(.soft(soft), into: &chosen)
        case (.prune(let prune), _): self.prune(prune, into: &chosen)
        case (.importance(let importance), _): sample(importance, into: &chosen)
        case (.window(let window), _): chooseWindow(window, into: &chosen)
        case (.hide(let hide), _): self.hide(hide, into: &chosen)
        }
        return chosen
    }

    private var selectionRandom: CounterRandom {
        CounterRandom(seed: seed, purpose: .selection, number: nextNumber)
    }

    private func rank(_ ranking: Ranking, into chosen: inout Chosen) {
        let k = Plan.count(ratio: plan.ratio(ofLesson: nextNumber), of: exampleCount)
        guard k < exampleCount else { return }
        let ceiling = policy.ceiling < 1 ? table.quantiles([policy.ceiling]).first ?? .infinity : .infinity
        let draw = ranking.choose(k, from: table.scores, random: selectionRandom, ceiling: ceiling)
        chosen.examples = draw.examples
        guard case .unbiased(let cap) = policy.weights else { return }
        let share = Float(k) / Float(exampleCount)
        var weights = ranking.probabilities(of: draw, scores: table.scores, ceiling: ceiling)
        for position in weights.indices { weights[position] = min(Float(cap), share / weights[position]) }
        chosen.weights = weights
    }

    /// InfoBatch: an example whose score is below the mean is dropped with probability r; kept, it
    /// weighs 1 / (1 - r).
    private func prune(_ prune: Selection.Prune, into chosen: inout Chosen) {
        guard let mean = table.mean.map({ Float($0) }), prune.probability > 0 else { return }
        let random = selectionRandom
        var weight: Float = 1
        if case .unbiased(let cap) = policy.weights { weight = min(Float(cap), Float(1 / (1 - prune.probability))) }
        var examples: [Int32] = []
        var weights: [Float] = []
        for (index, score) in table.scores.enumerated() {
            let isEasy = score < mean
            if isEasy && random.uniform(at: UInt64(index)) < prune.probability { continue }
            examples.append(Int32(index))
            weights.append(isEasy ? weight : 1)
        }
        chosen.examples = examples.count == exampleCount ? nil : keepingOne(examples)
        chosen.weights = policy.weights == .none || examples.isEmpty ? nil : weights
    }

    /// SeTa: drop at random, cluster by score, keep the clusters in the window. The window covers all
    /// clusters in the first lesson, then starts one cluster harder in each, and after the hardest again at the
    /// easiest.
    private func chooseWindow(_ window: Selection.Window, into chosen: inout Chosen) {
        chooseRandomly(1 - window.pruned, into: &chosen)
        let iteration = nextNumber - plan.warmUp
        let size = max(1, Int((Double(window.clusters) * window.width).rounded()))
        guard iteration > 0, size < window.clusters else { return }
        let start = iteration % (window.clusters - size + 1)
        let examples = chosen.examples ?? Array(0..<Int32(exampleCount))
        let clusters = ScoreClusters(of: table.scores, examples: examples, count: window.clusters)
        let kept = examples.filter { example in
            let score = table.scores[Int(example)]
            return score.isNaN || (start..<start + size).contains(clusters.index(of: score))
        }
        chosen.examples = keepingOne(kept)
    }

    /// KAKURENBO: of the lowest scores, at most the fraction that the run's position allows, those examples
    /// are hidden on which the learner is right and confident; the learning rate grows with the share hidden.
    private func hide(_ hide: Selection.Hide, into chosen: inout Chosen) {
        let most = Int(hide.fraction(at: progress) * Double(exampleCount))
        guard most > 0 else { return }
        let draw = Ranking.hard.choose(exampleCount - most, from: table.scores, random: selectionRandom)
        var isTaught = [Bool](repeating: false, count: exampleCount)
        for example in draw.examples { isTaught[Int(example)] = true }
        let examples = (0..<Int32(exampleCount)).filter {
            isTaught[Int($0)] || table.scores[Int($0)].isNaN
                || !table.isConfident($0, atLeast: hide.confidence)
        }
        guard examples.count < exampleCount else { return }
        chosen.examples = keepingOne(examples)
        chosen.learningRateScale = Double(exampleCount) / Double(max(1, examples.count))
    }

    private func chooseRandomly(_ share: Double, into chosen: inout Chosen) {
        let k = Plan.count(ratio: share, of: exampleCount)
        guard k < exampleCount else { return }
        chosen.examples = Ranking.random.choose(k, from: table.scores, random: selectionRandom).examples
    }

    /// A lesson teaches at least one example.
    private func keepingOne(_ examples: [Int32]) -> [Int32] {
        guard examples.isEmpty else { return examples }
        return [Int32(selectionRandom.integer(below: exampleCount, at: 0))]
    }
}
