import Teaching

/// Several policies on the same data and model, each over several seeds, interleaved so that a machine's drift hits all alike.
public struct Comparison: Sendable {
    /// One run of a comparison.
    public struct Cell: Sendable, Equatable {
        public let policy: Policy
        public let seed: UInt64

        /// The name of its folder.
        public var name: String { "\(policy.name)-seed\(seed)" }
    }

    public let experiment: any Experiment
    public let cells: [Cell]

    /// - Parameter seeds: how many; they count on from the recipe's.
    public init(_ experiment: any Experiment, policies: [Policy], seeds: Int) {
        self.experiment = experiment
        // Each round starts with another policy, so that none always comes first.
        cells = (0..<seeds).flatMap { round in
            policies.indices.map { index in
                Cell(
                    policy: policies[(index + round) % policies.count],
                    seed: experiment.recipe.training.seed + UInt64(round))
            }
        }
    }

    public func experiment(for cell: Cell) -> any Experiment {
        var recipe = experiment.recipe
        recipe.teacher = cell.policy
        recipe.training.seed = cell.seed
        return experiment.with(recipe)
    }

    /// Runs a few steps that count for nothing, so that the first cell does not pay for libtorch's first allocations.
    public func warmUp() throws {
        var recipe = experiment.recipe
        recipe.teacher = .standard
        let steps = 10.0 * Double(recipe.training.batchSize) / Double(recipe.training.epochs * experiment.exampleCount)
        recipe.training.budget = min(1, steps)
        recipe.evaluation.count = 1
        _ = try experiment.with(recipe).train(in: nil, from: nil, until: StopSignal()) { _ in }
    }
}
