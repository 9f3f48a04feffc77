import Teaching

extension Comparison {
    /// Measures ``paces`` in short runs of all contenders, which take turns so that the machine's drift hits all alike.
    ///
    /// Cost counts the elements of the examples taught; the time that an example takes beside its elements, and that a step
    /// takes beside its examples, is not in it, so the same cost can take longer under another policy or in smaller
    /// batches.
    ///
    /// - Parameters:
    ///   - time: what of a run is compared.
    ///   - share: the length of each short run, as a share of standard training's cost; at least 20 of its steps.
    ///   - rounds: how many a policy; the median ratio counts.
    ///   - stop: ends it early, with paces of which nothing can be made.
    public func measurePaces(
        of time: (RunSummary) -> Double = \.processorSeconds, share: Double = 0.04, rounds: Int = 3,
        until stop: StopSignal = StopSignal()
    ) throws -> [String: Double] {
        var ratios: [String: [Double]] = [:]
        let largest = cells.map { recipe(of: $0.contender).training.batchSize }.max() ?? 1
        let least = 20.0 * Double(largest) / Double(experiment.recipe.training.epochs * experiment.exampleCount)
        let share = min(1, max(share, least))
        for _ in 0..<rounds where !stop.isRaised {
            let plain = try time(summary(of: Contender(Policy.standard.name), share: share, until: stop))
            for contender in rivals where !stop.isRaised {
                let short = try summary(of: contender, share: share, until: stop)
                let spent = costSpent(in: short, by: contender.policy) ?? share
                ratios[contender.policy.name, default: []].append(time(short) / plain * share / spent)
            }
        }
        // A short run can be far off where a policy's own phases do not fit in it.
        return ratios.mapValues { min(2, max(0.5, $0.sorted()[$0.count / 2])) }
    }

    /// All but standard training in the recipe's batches, once each and without its budget.
    private var rivals: [Contender] {
        var found: [Contender] = []
        for cell in cells where cell.contender.base != Policy.standard.name {
            var contender = cell.contender
            contender.policy.name = contender.base
            if !found.contains(where: { $0.base == contender.base }) { found.append(contender) }
        }
        return found
    }

    /// The share of standard training's cost that a short run spent, which is less than planned where a policy admits few
    /// examples as long as losses fall; nil where parts of examples were taught, as a summary does not count these.
    private func costSpent(in summary: RunSummary, by policy: Policy) -> Double? {
        guard policy.elements == nil else { return nil }
        let cost = Double(summary.examplesTaught) + policy.scoringCost * Double(summary.examplesScored)
        return cost / Double(experiment.recipe.training.epochs * experiment.exampleCount)
    }

    private func summary(of contender: Contender, share: Double, until stop: StopSignal) throws -> RunSummary {
        var recipe = recipe(of: contender)
        recipe.training.budget = share
        // Nobody asks how well it does.
        recipe.evaluation.count = 0
        let short = experiment.with(recipe)
        return try short.train(in: nil, from: nil, until: stop) { _ in }
    }
}
