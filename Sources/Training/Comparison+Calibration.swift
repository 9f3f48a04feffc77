import Teaching

extension Comparison {
    /// Measures ``paces`` in short runs of all contenders, which take turns so that the machine's drift hits all alike.
    ///
    /// Cost counts the elements of the examples taught; the time that an example takes beside its elements is not in it,
    /// so the same cost can take longer under another policy. Processor time is compared, which other programs disturb less.
    ///
    /// - Parameters:
    ///   - share: the length of each short run, as a share of standard training's cost; at least 20 of its steps.
    ///   - rounds: how many a policy; the median ratio counts.
    public func measurePaces(
        share: Double = 0.04, rounds: Int = 3, until stop: StopSignal = StopSignal()
    ) throws -> [String: Double] {
        var ratios: [String: [Double]] = [:]
        let steps = 20.0 * Double(experiment.recipe.training.batchSize)
        let least = steps / Double(experiment.recipe.training.epochs * experiment.exampleCount)
        let share = min(1, max(share, least))
        for _ in 0..<rounds where !stop.isRaised {
            let plain = try seconds(of: .standard, share: share)
            for policy in basePolicies where !stop.isRaised {
                ratios[policy.name, default: []].append(try seconds(of: policy, share: share) / plain)
            }
        }
        // A short run can be far off where a policy's own phases do not fit in it.
        return ratios.mapValues { min(2, max(0.5, $0.sorted()[$0.count / 2])) }
    }

    /// Each policy but standard training once, without its budget.
    private var basePolicies: [Policy] {
        var found: [Policy] = []
        for cell in cells where cell.contender.base != Policy.standard.name {
            var policy = cell.contender.policy
            policy.name = cell.contender.base
            if !found.contains(where: { $0.name == policy.name }) { found.append(policy) }
        }
        return found
    }

    private func seconds(of policy: Policy, share: Double) throws -> Double {
        var recipe = experiment.recipe
        recipe.teacher = policy
        recipe.training.budget = share
        // Nobody asks how well it does.
        recipe.evaluation.count = 0
        let short = experiment.with(recipe)
        return try short.train(in: nil, from: nil, until: StopSignal()) { _ in }.processorSeconds
    }
}
