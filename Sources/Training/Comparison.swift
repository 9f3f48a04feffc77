import Teaching

/// A policy in a comparison, how many examples a step shows under it, and what it may spend.
public struct Contender: Codable, Sendable, Equatable {
    /// The name without a budget.
    public var base: String { String(policy.name.prefix { $0 != "@" }) }
    /// Bears the contender's name.
    public var policy: Policy
    /// Examples a step; the recipe's where nil.
    public var batchSize: Int?
    /// Share of standard training's cost; the recipe's where nil.
    public var budget: Double?

    /// Reads `POLICY[-bBATCH][@BUDGET]`. Such as `standard@0.7`: standard training shortened to 70 % of its steps, its
    /// learning rate fully decayed, which is the honest rival of everything that saves time. Or `standard-b16`: standard
    /// training in batches of 16, the rival of everything that makes more steps of the same time.
    public init(_ name: String) throws {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        if let suffix = Self.batchSuffix(of: parts[0]) {
            policy = try Policy(preset: String(parts[0].dropLast(suffix.count)))
            batchSize = Int(suffix.dropFirst(2))
        } else {
            policy = try Policy(preset: parts[0])
        }
        policy.name = name
        guard parts.count > 1 else { return }
        guard parts.count == 2, let budget = Double(parts[1]), budget > 0, budget.isFinite else {
            throw TrainingError.mismatch(
                what: "the contender \(name)", found: "no budget after @", expected: "a number above 0")
        }
        self.budget = budget
    }

    /// The `-b16` of `attent-plus-b16`.
    private static func batchSuffix(of name: String) -> Substring? {
        guard let suffix = name.lastIndex(of: "-").map({ name[$0...] }), suffix.hasPrefix("-b"),
            let size = Int(suffix.dropFirst(2)), size > 0
        else { return nil }
        return suffix
    }
}

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
        recipe.teacher = contender.policy
        recipe.training.batchSize = contender.batchSize ?? recipe.training.batchSize
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
