import Checkpoints
import Foundation
import Testing
import Training

@testable import Reporting

@Suite("Comparisons that several processes make") struct ComparisonSessionTests {
    private let path = NSTemporaryDirectory() + "attent-\(UUID().uuidString)"

    /// Standard training at two budgets with two seeds, each over in a moment.
    private func plan(
        paces: [String: Double]? = [:], clock: TimeToQuality.Clock? = .processor
    ) throws -> ComparisonSession.Plan {
        var plan = ComparisonSession.Plan(
            kind: .timeToQuality, contenders: try Contender.overBudgets(["standard"], ["0.5", "1"]), seeds: 2,
            clock: clock)
        plan.paces = paces
        return plan
    }

    private func begin(_ plan: ComparisonSession.Plan) throws -> ComparisonSession {
        let experiment = try Recipe(
            named: "digits",
            overrides: ["data.limit=128", "training.epochs=1", "model.hidden_size=12", "model.num_hidden_layers=1"]
        ).experiment()
        return try ComparisonSession.create(experiment, plan, at: path, quiet: true)
    }

    private func isComplete(_ cell: String) throws -> Bool {
        try RunFolder(path: "\(path)/\(cell)").readSummary() != nil
    }

    @Test("who joins makes the runs that nobody is at; who began it waits for the others and reports")
    func join() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let own = try begin(try plan())
        try FileManager.default.createDirectory(atPath: "\(path)/standard@1-seed0", withIntermediateDirectories: false)
        var other: RunLock? = try RunLock("\(path)/standard@1-seed0")
        let guest = try ComparisonSession.open(at: path, quiet: true, joining: true)
        #expect(try guest.join() == 3)
        #expect(try isComplete("standard@0.5-seed1") && !isComplete("standard@1-seed0"))
        #expect(try guest.join() == 0)

        let stop = StopSignal()
        stop.raise()
        #expect(try own.run(until: stop) == nil)
        #expect(try own.runFreeCells(of: own.comparison, until: StopSignal())?.occupied == 1)
        #expect(other?.path == "\(path)/standard@1-seed0/lock")
        other = nil
        let outcome = try #require(try own.run())
        #expect(try isComplete("standard@1-seed0"))
        #expect(outcome.figures.contains { $0.hasPrefix("figure evidence.digits.standard.time_reduction ") })
    }

    @Test("of those who begin a run at once one has it, the others see that it is taken", arguments: 0..<100)
    func beginning(_ round: Int) async throws {
        let folder = RunFolder(path: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        @Sendable func claim() throws -> RunLock? {
            do {
                let lock = try RunLock(RunFolder.create(folder.path).path)
                try AtomicFile.write(Data("name: a".utf8), to: folder.recipe)
                return lock
            } catch TrainingError.inUse {
                return nil
            } catch TrainingError.folderExists where FileManager.default.fileExists(atPath: folder.recipe) {
                return nil
            }
        }
        let locks = try await withThrowingTaskGroup(of: RunLock?.self) { group in
            for _ in 0..<4 { group.addTask { try claim() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(locks.count { $0 != nil } == 1)
    }

    @Test("a folder of something else where a run belongs is refused, not passed over") func foreign() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let own = try begin(try plan())
        let cell = "\(path)/standard@1-seed0"
        try FileManager.default.createDirectory(atPath: cell, withIntermediateDirectories: false)
        try Data("notes".utf8).write(to: URL(fileURLWithPath: "\(cell)/notes.txt"))
        #expect(throws: TrainingError.folderExists(path: cell)) { try own.run() }
    }

    @Test("nobody joins a comparison by the wall clock, nor one whose paces are not known") func refusals() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let own = try begin(try plan())
        for (plan, found) in [
            (try plan(clock: nil), "by the wall clock"), (try plan(paces: nil), "still measures its policies' paces"),
        ] {
            try AtomicFile.write(JSONEncoder().encode(plan), to: ComparisonSession.planFile(own.path))
            let error = #expect(throws: TrainingError.self) {
                try ComparisonSession.open(at: path, quiet: true, joining: true)
            }
            #expect(error?.description.contains(found) == true)
        }
        #expect(throws: TrainingError.inUse(path: path, process: getpid())) {
            try ComparisonSession.open(at: path, quiet: true)
        }
    }
}
