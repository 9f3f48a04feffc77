import Teaching

/// A policy in a comparison, the settings of training it has for itself, and what it may spend.
public struct Contender: Codable, Sendable, Equatable {
    /// The name without a budget.
    public var base: String { String(policy.name.prefix { $0 != "@" }) }
    /// Bears the contender's name.
    public var policy: Policy
    /// Examples a step; the recipe's where nil.
    public var batchSize: Int?
    /// The highest one; the recipe's where nil.
    public var learningRate: Double?
    /// Share of the run in which the learning rate rises; the recipe's where nil.
    public var warmup: Double?
    /// Share of standard training's cost; the recipe's where nil.
    public var budget: Double?

    /// Reads `POLICY[-bBATCH][-lrRATE][-wWARMUP][@BUDGET]`. Such as `standard@0.7`: standard training shortened to 70 % of
    /// its steps, its learning rate fully decayed, which is the honest rival of everything that saves time. Or
    /// `attent-plus-b128-lr1e-3-w0.1`: a policy in the batches and at the rate that suit it, beside standard training at
    /// those that suit that.
    ///
    /// - Parameter teacher: a recipe's, whose settings its policy has here too; a policy of one's own goes by its name.
    public init(_ name: String, teacher: Policy? = nil) throws {
        guard let parts = Self.parts(of: name) else {
            throw Self.mismatch(name, found: "no budget after @", expected: "a number above 0")
        }
        let pattern = /(.+?)(?:-b([1-9][0-9]{0,8}))?(?:-lr([0-9.]+(?:e-?[0-9]+)?))?(?:-w([0-9.]+))?/
        guard let match = parts.base.wholeMatch(of: pattern)?.output else {
            throw Self.mismatch(name, found: "no policy", expected: "its name first")
        }
        policy = try Self.policy(named: String(match.1), teacher)
        policy.name = name
        batchSize = match.2.flatMap { Int($0) }
        learningRate = try match.3.map { text in
            guard let rate = Double(text), rate > 0, rate.isFinite else {
                throw Self.mismatch(name, found: "the learning rate \(text)", expected: "a number above 0")
            }
            return rate
        }
        warmup = try match.4.map { text in
            guard let warmup = Double(text), warmup < 1 else {
                throw Self.mismatch(name, found: "the warm-up \(text)", expected: "a share below 1")
            }
            return warmup
        }
        budget = parts.budget
    }

    /// Puts what the contender has of its own in a recipe's place, but its budget.
    public func apply(to recipe: inout Recipe) {
        recipe.teacher = policy
        recipe.training.batchSize = batchSize ?? recipe.training.batchSize
        recipe.training.learningRate = learningRate ?? recipe.training.learningRate
        recipe.training.warmup = warmup ?? recipe.training.warmup
    }

    private static func mismatch(_ name: String, found: String, expected: String) -> TrainingError {
        .mismatch(what: "the contender \(name)", found: found, expected: expected)
    }

    /// The parts of `BASE[@BUDGET]`; nil where what follows @ is no budget.
    public static func parts(of name: String) -> (base: String, budget: Double?)? {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return (name, nil) }
        guard parts.count == 2, let budget = Double(parts[1]), budget > 0, budget.isFinite else { return nil }
        return (String(parts[0]), budget)
    }

    private static func policy(named name: String, _ teacher: Policy?) throws -> Policy {
        guard let teacher, teacher.name == name else { return try Policy(preset: name) }
        guard name != Policy.standard.name || teacher == .standard else {
            throw TrainingError.mismatch(
                what: "the recipe's teacher", found: "standard with settings of its own",
                expected: "them under another policy or name, as others are compared with plain training")
        }
        return teacher
    }
}

extension Contender {
    /// The contenders of a table, each once.
    public static func table(_ names: [String], teacher: Policy? = nil) throws -> [Contender] {
        var found: [Contender] = []
        for name in names {
            let contender = try Contender(name, teacher: teacher)
            let isKnown = found.contains { $0.base == contender.base && $0.budget == contender.budget }
            if !isKnown { found.append(contender) }
        }
        return found
    }

    /// The contenders of a comparison over budgets: each policy at every budget, those with a budget of their own at that alone.
    ///
    /// - Parameter budgets: shares of standard training's cost.
    /// - Returns: by rising budget, so that the policies take turns, and each once.
    /// - Throws: where standard training's full run, against which all are measured, is not among them.
    public static func overBudgets(
        _ names: [String], _ budgets: [String], teacher: Policy? = nil
    ) throws -> [Contender] {
        let budgeted = names.flatMap { name in name.contains("@") ? [name] : budgets.map { "\(name)@\($0)" } }
        let found = try table(budgeted, teacher: teacher)
        guard found.contains(where: { $0.base == Policy.standard.name && $0.budget == 1 }) else {
            throw TrainingError.mismatch(
                what: "the comparison of time to quality", found: found.map(\.policy.name).joined(separator: ", "),
                expected: "standard@1 among them, against which the others are measured")
        }
        let order = found.indices.sorted { (found[$0].budget ?? 1, $0) < (found[$1].budget ?? 1, $1) }
        return order.map { found[$0] }
    }
}
