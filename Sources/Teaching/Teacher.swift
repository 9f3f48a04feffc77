/// The data-selecting teacher: it decides which examples a learner is taught next, from how the learner did on them.
///
/// In a training loop of your own:
///
///     var teacher = try Teacher(policy: .attent, exampleCount: images.count, epochs: 10, seed: 0)
///     while let lesson = try teacher.next(score: { losses(of: $0) }) {
///         for batch in lesson.batches(of: 64) { teacher.record(train(batch), for: batch.examples) }
///     }
///
/// Every choice is a function of the seed, the policy and the scores handed over: a teacher whose ``state`` is saved
/// and restored continues with equal bits.
public struct Teacher: Sendable {
    public let policy: Policy
    public let exampleCount: Int
    /// Passes over all examples that standard training would make.
    public let epochs: Int
    /// Share of the standard cost (`epochs * exampleCount` examples taught in full) to spend; `nil` for the policy's
    /// own.
    public let budget: Double?
    public let seed: UInt64

    /// The latest score of every example of this rank's shard: with one rank, of every example.
    public internal(set) var table: ScoreTable
    /// The lesson being taught; `nil` before the first and after the last.
    public internal(set) var lesson: Lesson?
    /// What has been spent, the current lesson included.
    public internal(set) var spending = Spending()

    let plan: Plan
    let ranks: any Reduction<any Error>
    let shard: Shard
    var nextNumber = 0
    var progress = 0.0
    var chosen: Chosen?
    var admission = AdmissionRecord()

    /// - Parameters:
    ///   - epochs: the length of the standard run that the policy is measured against; without a budget, the number of
    ///     lessons.
    ///   - budget: above 0 and at most 1000; the number of lessons follows from it, at any policy, and the last one is cut to fit.
    ///   - ranks: with whom the work is shared. Every rank then has a teacher with the same settings, which gets the same
    ///     calls, keeps the scores of its ``Shard``, asks for these alone, and deals out the same lessons as the others.
    ///   - scratch: a folder for the table of scores, which is then a file mapped into memory rather than memory; it
    ///     goes with the process. For tables that memory has no room for.
    /// - Throws: ``TeachingError/invalidSetting(key:found:expected:)``, and
    ///   ``TeachingError/unwritable(path:reason:)`` for the folder.
    public init(
        policy: Policy, exampleCount: Int, epochs: Int, budget: Double? = nil, seed: UInt64,
        ranks: any Reduction<any Error> = Alone<any Error>(), scratch: String? = nil
    ) throws(TeachingError) {
        try self.init(
            policy: policy, exampleCount: exampleCount, epochs: epochs, budget: budget, seed: seed, ranks: ranks,
            table: { (shard) throws(TeachingError) in
                try ScoreTable(count: shard.examples.count, tracksConfidence: policy.tracksConfidence, scratch: scratch)
            })
    }

    /// - Parameter table: makes the shard's table, once the settings are known to be valid.
    init(
        policy: Policy, exampleCount: Int, epochs: Int, budget: Double?, seed: UInt64, ranks: any Reduction<any Error>,
        table: (Shard) throws(TeachingError) -> ScoreTable
    ) throws(TeachingError) {
        try policy.validate()
        try Teacher.validate(exampleCount: exampleCount, epochs: epochs, budget: budget)
        self.policy = policy
        self.exampleCount = exampleCount
        self.epochs = epochs
        self.budget = budget
        self.seed = seed
        self.ranks = ranks
        shard = Shard(rank: ranks.rank, of: ranks.rankCount, exampleCount: exampleCount)
        self.table = try table(shard)
        plan = Plan(policy: policy, exampleCount: exampleCount, epochs: epochs, budget: budget)
    }

    /// What a run has cost so far.
    public struct Spending: Codable, Sendable, Equatable {
        /// Examples taught, with any share of their elements.
        public var taught = 0
        /// Examples that got a scoring pass.
        public var scored = 0
        /// Cost in full examples: examples taught, times their share of elements, plus scoring.
        public var cost = 0.0
    }

    /// A selection, as long as it stays.
    struct Chosen: Sendable, Equatable {
        /// `nil` for all.
        var examples: [Int32]?
        var weights: [Float]?
        var learningRateScale = 1.0
        var cycle: Int
        var phase: Plan.Phase
    }

    private static func validate(exampleCount: Int, epochs: Int, budget: Double?) throws(TeachingError) {
        guard exampleCount >= 1, exampleCount <= Int32.max else {
            throw .invalidSetting(key: "example_count", found: "\(exampleCount)", expected: "1 to \(Int32.max)")
        }
        guard epochs >= 1, epochs < 1 << 24 else {
            throw .invalidSetting(key: "epochs", found: "\(epochs)", expected: "1 to \(1 << 24 - 1)")
        }
        guard let budget else { return }
        guard budget > 0, budget <= 1000 else {
            throw .invalidSetting(key: "budget", found: "\(budget)", expected: "above 0 and at most 1000")
        }
    }
}
