import Checkpoints
import Foundation
import Training

/// A run with everything that follows it: status line, `metrics.jsonl`, TensorBoard events and, at its end, `report.html`.
public struct RunSession {
    public let folder: RunFolder
    private let experiment: any Experiment
    private let position: StatusLine.Position?
    private let isQuiet: Bool

    /// A new run in a new folder.
    public static func create(
        _ experiment: any Experiment, at path: String, position: StatusLine.Position? = nil, quiet: Bool = false
    ) throws -> RunSession {
        try experiment.recipe.check(exampleCount: experiment.exampleCount)
        let folder = try RunFolder.create(path)
        try AtomicFile.write(Data(experiment.recipe.yaml().utf8), to: folder.recipe)
        return RunSession(folder: folder, experiment: experiment, position: position, isQuiet: quiet)
    }

    /// A run that was started before.
    public static func open(
        _ experiment: any Experiment, at path: String, position: StatusLine.Position? = nil, quiet: Bool = false
    ) throws -> RunSession {
        RunSession(folder: try RunFolder.open(path), experiment: experiment, position: position, isQuiet: quiet)
    }

    /// Trains from the newest intact checkpoint, or from the start where there is none.
    ///
    /// - Returns: the run's record; nil where `stop` ended it early.
    public func run(until stop: StopSignal = StopSignal()) throws -> RunRecord? {
        let checkpoint = try newestIntactCheckpoint()
        let log = try checkpoint.map { try MetricsLog(path: folder.metrics, resumingFrom: $0.step) } ?? freshLog()
        let observers = RunObservers([
            StatusLine(position: position, quiet: isQuiet), log, try TensorBoardLog(folder: folder.path),
            ExhibitionFile(folder: folder.path),
        ])
        let summary = try experiment.train(in: folder, from: checkpoint, until: stop, emit: observers.observe)
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
