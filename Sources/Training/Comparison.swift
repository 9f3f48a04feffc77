import Teaching

/// Several contenders on the same data and model, each over several seeds, interleaved so that a machine's drift hits all alike.
public struct Comparison: Sendable {
    /// One run of a comparison.
    public struct Cell: Sendable, Equatable {
        public let contender: Contender
        public let seed: UInt64

        /// The name of its folder.
        public var name: String { "\(contender.policy.name)-seed\(seed)" }
    }

    public let experiment: any Experiment
    public let cells: [Cell]
    /// By a contender's name without its budget, the time its cost takes over what that takes in standard training: budgets
    /// are divided by it. 1 where absent.
    public var paces: [String: Double] = [:]

    /// - Parameter seeds: how many; they count on from the recipe's.
    public init(_ experiment: any Experiment, contenders: [Contender], seeds: Int) {
        self.experiment = experiment
        cells = Self.cells(contenders, seeds: seeds, from: experiment.recipe.training.seed)
    }

    /// The runs in the order in which they are made: each round starts with another contender, so that none always comes
    /// first.
    public static func cells(_ contenders: [Contender], seeds: Int, from firstSeed: UInt64) -> [Cell] {
        (0..<seeds).flatMap { round in
            contenders.indices.map { index in
                Cell(
                    contender: contenders[(index + round) % contenders.count], seed: firstSeed &+ UInt64(round))
            }
        }
    }

    public func experiment(for cell: Cell) -> any Experiment {
        var recipe = recipe(of: cell.contender)
        recipe.training.seed = cell.seed
        if let budget = cell.contender.budget {
            recipe.training.budget = budget / (paces[cell.contender.base] ?? 1)
        }
        return experiment.with(recipe)
    }

    func recipe(of contender: Contender) -> Recipe {
        var recipe = experiment.recipe
        contender.apply(to: &recipe)
        return recipe
    }

    /// Runs a few steps that count for nothing, so that the first cell does not pay for libtorch's first allocations.
    public func warmUp() throws {
        var recipe = experiment.recipe
        recipe.teacher = .standard
        let steps = 10.0 * Double(recipe.training.batchSize) / Double(recipe.training.epochs * experiment.exampleCount)
        recipe.training.budget = min(1, steps)
        recipe.evaluation.count = 0
        _ = try experiment.with(recipe).train(in: nil, from: nil, until: StopSignal()) { _ in }
    }
}
