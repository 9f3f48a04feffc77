extension Teacher {
    /// Makes the selection of a cycle from the scores as they are.
    func choose(cycle: Int, phase: Plan.Phase) throws -> Chosen {
        var chosen = Chosen(cycle: cycle, phase: phase)
        switch (policy.selection, phase) {
        case (.window(let window), .annealing): try chooseRandomly(1 - window.pruned, into: &chosen)
        case (_, .warmUp), (_, .annealing), (.admission, _): break
        case (.random, _): try rank(.random, into: &chosen)
        case (.hard, _): try rank(.hard, into: &chosen)
        case (.soft(let soft), _): try rank(.soft(soft), into: &chosen)
        case (.prune(let prune), _): try self.prune(prune, into: &chosen)
        case (.importance(let importance), _): try sample(importance, into: &chosen)
        case (.window(let window), _): try chooseWindow(window, into: &chosen)
        case (.hide(let hide), _): try self.hide(hide, into: &chosen)
        }
        return chosen
    }

    private var selectionRandom: CounterRandom {
        CounterRandom(seed: seed, purpose: .selection, number: nextNumber)
    }

    /// The choice of all ranks from the scores of all ranks.
    private func draw(_ k: Int, by ranking: Ranking, ceiling: Float = .infinity) throws -> Draw {
        try ranking.choose(
            k, of: exampleCount, from: table.scores, first: shard.examples.lowerBound, random: selectionRandom,
            ceiling: ceiling, among: ranks)
    }

    private func rank(_ ranking: Ranking, into chosen: inout Chosen) throws {
        let k = Plan.count(ratio: plan.ratio(ofLesson: nextNumber), of: exampleCount)
        guard k < exampleCount else { return }
        let ceiling = policy.ceiling < 1 ? try scoreQuantiles([policy.ceiling]).first ?? .infinity : .infinity
        let draw = try draw(k, by: ranking, ceiling: ceiling)
        chosen.examples = draw.examples
        guard case .unbiased(let cap) = policy.weights else { return }
        let share = Float(k) / Float(exampleCount)
        var weights = try ranking.probabilities(
            of: draw, scores: table.scores, of: exampleCount, ceiling: ceiling, among: ranks)
        for position in weights.indices { weights[position] = min(Float(cap), share / weights[position]) }
        chosen.weights = weights
    }

    /// InfoBatch: an example whose score is below the mean is dropped with probability r; kept, it
    /// weighs 1 / (1 - r).
    private func prune(_ prune: Selection.Prune, into chosen: inout Chosen) throws {
        guard let mean = try meanScore().map({ Float($0) }), prune.probability > 0 else { return }
        let random = selectionRandom
        var weight: Float = 1
        if case .unbiased(let cap) = policy.weights { weight = min(Float(cap), Float(1 / (1 - prune.probability))) }
        var examples: [Int32] = []
        var weights: [Float] = []
        for (index, score) in zip(shard.examples, table.scores) {
            let isEasy = score < mean
            if isEasy && random.uniform(at: UInt64(index)) < prune.probability { continue }
            examples.append(Int32(index))
            weights.append(isEasy ? weight : 1)
        }
        examples = try ranks.joined(examples, of: exampleCount)
        weights = try ranks.joined(weights)
        chosen.examples = examples.count == exampleCount ? nil : keepingOne(examples)
        chosen.weights = policy.weights == .none || examples.isEmpty ? nil : weights
    }

    /// SeTa: drop at random, cluster by score, keep the clusters in the window. The window covers all
    /// clusters in the first lesson, then starts one cluster harder in each, and after the hardest again at the
    /// easiest.
    private func chooseWindow(_ window: Selection.Window, into chosen: inout Chosen) throws {
        try chooseRandomly(1 - window.pruned, into: &chosen)
        let iteration = nextNumber - plan.warmUp
        // As the authors' Python rounds: four of five clusters at 0.9, which otherwise would be all of them.
        let size = max(1, Int((Double(window.clusters) * window.width).rounded(.toNearestOrEven)))
        guard iteration > 0, size < window.clusters else { return }
        let start = iteration % (window.clusters - size + 1)
        let examples = chosen.examples ?? Array(0..<Int32(exampleCount))
        let shards = Shards(count: ranks.rankCount, exampleCount: exampleCount)
        let scores = shards.places(of: examples, in: ranks.rank).map { table.scores[Int($0)] }
        let clusters = try ScoreClusters(of: scores, count: window.clusters, among: ranks)
        guard !clusters.isSingle else { return }
        let isKept = shards.merged(
            try ranks.gathered(
                scores.map { $0.isNaN || (start..<start + size).contains(clusters.index(of: $0)) }),
            like: examples)
        chosen.examples = keepingOne(zip(examples, isKept).filter { $0.1 }.map { $0.0 })
    }

    /// KAKURENBO: of the lowest scores, at most the fraction that the run's position allows, those examples
    /// are hidden on which the learner is right and confident; the learning rate grows with the share hidden.
    private func hide(_ hide: Selection.Hide, into chosen: inout Chosen) throws {
        let most = Int(hide.fraction(at: progress) * Double(exampleCount))
        guard most > 0 else { return }
        let draw = try draw(exampleCount - most, by: .hard)
        var isTaught = [Bool](repeating: false, count: exampleCount)
        for example in draw.examples { isTaught[Int(example)] = true }
        let first = shard.examples.lowerBound
        let own = shard.examples.filter {
            isTaught[$0] || table.scores[$0 - first].isNaN
                || !table.isConfident(Int32($0 - first), atLeast: hide.confidence)
        }
        let examples = try ranks.joined(own.map { Int32($0) }, of: exampleCount)
        guard examples.count < exampleCount else { return }
        chosen.examples = keepingOne(examples)
        chosen.learningRateScale = Double(exampleCount) / Double(max(1, examples.count))
    }

    private func chooseRandomly(_ share: Double, into chosen: inout Chosen) throws {
        let k = Plan.count(ratio: share, of: exampleCount)
        guard k < exampleCount else { return }
        chosen.examples = try draw(k, by: .random).examples
    }

    /// A lesson teaches at least one example.
    private func keepingOne(_ examples: [Int32]) -> [Int32] {
        guard examples.isEmpty else { return examples }
        return [Int32(selectionRandom.integer(below: exampleCount, at: 0))]
    }
}
