import Checkpoints
import Foundation
import Training

/// A run with everything that follows it: status line, `metrics.jsonl`, TensorBoard events and, at its end, `report.html`.
public struct RunSession {
    public let folder: RunFolder
    private let experiment: any Experiment
    private let position: StatusLine.Position?
    private let isQuiet: Bool
    private let ranks: Ranks
    /// Whether the folder is this session's own, and worth nothing before the run has begun.
    private let isNew: Bool
    /// Held as long as the session lives, by the first rank.
    private let lock: RunLock?

    /// A new run in a new folder. Of several ranks, the first has the folder.
    public static func create(
        _ experiment: any Experiment, at path: String, position: StatusLine.Position? = nil, quiet: Bool = false,
        among ranks: Ranks = .alone
    ) throws -> RunSession {
        try experiment.recipe.check(exampleCount: experiment.exampleCount)
        try experiment.recipe.check(ranks)
        var lock: RunLock?
        _ = try ranks.onFirst {
            let folder = try RunFolder.create(path)
            lock = try locked(folder)
            try AtomicFile.write(Data(experiment.recipe.yaml().utf8), to: folder.recipe)
            return path
        }
        return RunSession(
            folder: RunFolder(path: path), experiment: experiment, position: position, isQuiet: quiet, ranks: ranks,
            isNew: true, lock: lock)
    }

    /// A run that was started before, by however many ranks; what a killed process left half done in its folder is tidied up.
    public static func open(
        _ experiment: any Experiment, at path: String, position: StatusLine.Position? = nil, quiet: Bool = false,
        among ranks: Ranks = .alone
    ) throws -> RunSession {
        var lock: RunLock?
        _ = try ranks.onFirst {
            lock = try locked(RunFolder.open(path))
            try AtomicFolder.recover(in: path, prefix: "step-")
            return path
        }
        return RunSession(
            folder: RunFolder(path: path), experiment: experiment, position: position, isQuiet: quiet, ranks: ranks,
            isNew: false, lock: lock)
    }

    /// Trains from the newest intact checkpoint, or from the start where there is none. A new run that is refused before it
    /// has begun leaves no folder.
    ///
    /// - Returns: the run's record; nil where `stop` ended it early, and on all ranks but the first.
    public func run(until stop: StopSignal = StopSignal()) throws -> RunRecord? {
        let checkpoint = try agreedCheckpoint()
        guard ranks.isFirst else {
            _ = try experiment.train(in: nil, from: checkpoint, among: ranks, until: stop) { _ in }
            return nil
        }
        var hasBegun = false
        do {
            let observers = try observers(after: checkpoint)
            let summary = try experiment.train(in: folder, from: checkpoint, among: ranks, until: stop) { event in
                hasBegun = true
                try observers.observe(event)
            }
            return summary.isComplete ? try RunRecord(metricsLog: folder.metrics) : nil
        } catch {
            if isNew, !hasBegun { try? FileManager.default.removeItem(atPath: folder.path) }
            throw error
        }
    }

    private func observers(after checkpoint: CheckpointFolder?) throws -> RunObservers {
        let log = try checkpoint.map { try continuedLog($0) } ?? freshLog()
        return RunObservers([
            StatusLine(position: position, quiet: isQuiet), log, try TensorBoardLog(folder: folder.path),
            ExhibitionFile(folder: folder.path),
        ])
    }

    /// The page about this run alone.
    public func writeReport(_ record: RunRecord) throws {
        let page = try HTMLReport(
            title: record.start.recipe, records: [record], machine: Machine.current.description,
            recipe: experiment.recipe.yaml())
        try page.write(to: folder.report)
    }

    private func continuedLog(_ checkpoint: CheckpointFolder) throws -> MetricsLog {
        try MetricsLog(path: folder.metrics, resumingFrom: checkpoint.step, keeping: checkpoint.eventCount)
    }

    /// A run that was killed before its first checkpoint starts over.
    private func freshLog() throws -> MetricsLog {
        if FileManager.default.fileExists(atPath: folder.metrics) {
            try FileManager.default.removeItem(atPath: folder.metrics)
        }
        return try MetricsLog(path: folder.metrics)
    }

    /// The newest intact checkpoint that the first rank finds, which all ranks read.
    private func agreedCheckpoint() throws -> CheckpointFolder? {
        guard ranks.rankCount > 1 else { return try newestIntactCheckpoint() }
        let path = try ranks.onFirst { try newestIntactCheckpoint()?.path ?? "" }
        guard !path.isEmpty else { return nil }
        let found = CheckpointFolder.all(in: folder.path).first { $0.path == path }
        try ranks.agree([("the newest checkpoint", found?.path ?? "absent, the folder not being shared")])
        return found
    }

    /// Skips damaged checkpoints, saying so.
    private func newestIntactCheckpoint() throws -> CheckpointFolder? {
        do {
            return try CheckpointFolder.newestIntact(in: folder.path) { damage in
                Self.say("\(damage); trying the checkpoint before it")
            }
        } catch {
            throw TrainingError.notARun(path: folder.path, reason: "every checkpoint in it is damaged")
        }
    }

    private static func locked(_ folder: RunFolder) throws -> RunLock {
        let lock = try RunLock(folder.path)
        if let process = lock.deadProcess {
            say("process \(process), which trained in \(folder.path), ended without finishing; going on from there")
        }
        return lock
    }

    private static func say(_ sentence: String) {
        StandardError.write("attent: \(sentence)\n")
    }
}
