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

    /// A new run in a new folder. Of several ranks, the first has the folder.
    public static func create(
        _ experiment: any Experiment, at path: String, position: StatusLine.Position? = nil, quiet: Bool = false,
        among ranks: Ranks = .alone
    ) throws -> RunSession {
        try experiment.recipe.check(exampleCount: experiment.exampleCount)
        _ = try ranks.onFirst {
            let folder = try RunFolder.create(path)
            try AtomicFile.write(Data(experiment.recipe.yaml().utf8), to: folder.recipe)
            return path
        }
        return RunSession(
            folder: RunFolder(path: path), experiment: experiment, position: position, isQuiet: quiet, ranks: ranks)
    }

    /// A run that was started before, by however many ranks.
    public static func open(
        _ experiment: any Experiment, at path: String, position: StatusLine.Position? = nil, quiet: Bool = false,
        among ranks: Ranks = .alone
    ) throws -> RunSession {
        let folder = RunFolder(path: try ranks.onFirst { try RunFolder.open(path).path })
        return RunSession(folder: folder, experiment: experiment, position: position, isQuiet: quiet, ranks: ranks)
    }

    /// Trains from the newest intact checkpoint, or from the start where there is none.
    ///
    /// - Returns: the run's record; nil where `stop` ended it early, and on all ranks but the first.
    public func run(until stop: StopSignal = StopSignal()) throws -> RunRecord? {
        let checkpoint = try agreedCheckpoint()
        guard ranks.isFirst else {
            _ = try experiment.train(in: nil, from: checkpoint, among: ranks, until: stop) { _ in }
            return nil
        }
        let log = try checkpoint.map { try MetricsLog(path: folder.metrics, resumingFrom: $0.step) } ?? freshLog()
        let observers = RunObservers([
            StatusLine(position: position, quiet: isQuiet), log, try TensorBoardLog(folder: folder.path),
        ])
        let summary = try experiment.train(
            in: folder, from: checkpoint, among: ranks, until: stop, emit: observers.observe)
        guard summary.isComplete else { return nil }
        return try RunRecord(metricsLog: folder.metrics)
    }

    /// The page about this run alone.
    public func writeReport(_ record: RunRecord) throws {
        let page = try HTMLReport(
            title: record.start.recipe, records: [record], machine: Machine.current.description,
            recipe: experiment.recipe.yaml())
        try page.write(to: folder.report)
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
        let all = CheckpointFolder.all(in: folder.path)
        for checkpoint in all {
            do {
                try checkpoint.verify()
                return checkpoint
            } catch {
                FileHandle.standardError.write(Data("attent: \(error); trying the checkpoint before it\n".utf8))
            }
        }
        guard all.isEmpty else {
            throw TrainingError.notARun(path: folder.path, reason: "every checkpoint in it is damaged")
        }
        return nil
    }
}
