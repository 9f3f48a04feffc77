import TeachingSimulation
import Testing

@testable import Teaching

/// Ranks that share a teacher against one that has it alone.
@Suite struct ShardedTeacherTests {
    /// The lessons of every rank, and the state in the end as each can save it.
    struct Outcome: Sendable {
        var lessons: [Taught]
        var state: TeacherState
    }

    private static func outcomes(
        _ policy: Policy, count: Int, budget: Double?, ranks: Int
    ) throws -> [Outcome] {
        try SimulatedRank.run(ranks) { rank in
            Result {
                var run = try TestRun(policy, count: count, epochs: 5, budget: budget, ranks: rank)
                return Outcome(lessons: try run.finish(), state: try run.teacher.gatheredState())
            }
        }.map { try $0.get() }
    }

    @Test(
        "every policy deals out the same lessons on 1, 2, 3 and 8 ranks, and saves the same state",
        arguments: Policy.presets, [nil, 0.7] as [Double?])
    func lessons(policy: Policy, budget: Double?) throws {
        var alone = try TestRun(policy, count: 203, epochs: 5, budget: budget)
        let lessons = try alone.finish()
        for ranks in [1, 2, 3, 8] {
            for outcome in try Self.outcomes(policy, count: 203, budget: budget, ranks: ranks) {
                #expect(outcome.lessons == lessons)
                #expect(outcome.state == alone.teacher.state)
            }
        }
    }

    @Test("more ranks than eights of examples leave some without a shard, and the lessons as they are")
    func emptyShards() throws {
        var alone = try TestRun(.attent, count: 19, epochs: 5)
        let lessons = try alone.finish()
        for outcome in try Self.outcomes(.attent, count: 19, budget: nil, ranks: 5) {
            #expect(outcome.lessons == lessons)
        }
    }

    @Test("a run saved by 3 ranks goes on with 1, 2 and 8 as it would have", arguments: Policy.presets)
    func resume(policy: Policy) throws {
        var alone = try TestRun(policy, count: 120, epochs: 5)
        for _ in 0..<2 { _ = try alone.step() }
        let saved = try SimulatedRank.run(3) { rank in
            Result {
                var run = try TestRun(policy, count: 120, epochs: 5, ranks: rank)
                for _ in 0..<2 { _ = try run.step() }
                return try run.teacher.gatheredState()
            }
        }.map { try $0.get() }
        let learner = alone.learner
        let lessons = try alone.finish()
        for ranks in [1, 2, 8] {
            let resumed = SimulatedRank.run(ranks) { rank in
                Result {
                    var run = try TestRun(policy, count: 120, epochs: 5)
                    run.teacher = try Teacher(restoring: saved[0], ranks: rank)
                    run.learner = learner
                    return try run.finish()
                }
            }
            for outcome in resumed { #expect(try outcome.get() == lessons) }
        }
    }

    @Test("a rank asks for scores of its own shard alone, and all together for each once")
    func scoring() throws {
        let asked = try SimulatedRank.run(3) { rank in
            Result {
                var teacher = try Teacher(policy: .attent, exampleCount: 100, epochs: 4, seed: 1, ranks: rank)
                var asked: [Int32] = []
                _ = try teacher.next {
                    asked += $0
                    return $0.map { Float($0) }
                }
                return asked
            }
        }.map { try $0.get() }
        for (rank, examples) in asked.enumerated() {
            #expect(examples.allSatisfy(Shard(rank: rank, of: 3, exampleCount: 100).contains))
        }
        #expect(asked.flatMap { $0 } == Array(0..<100))
    }
}
