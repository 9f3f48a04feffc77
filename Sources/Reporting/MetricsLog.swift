import Foundation
import Training

/// Writes a run's events to `metrics.jsonl`, one JSON object a line, each line on disk as soon as it happened.
///
/// The keys and what they mean are in Documentation/AtteNT.docc/Metrics.md: a stable format. Every line has `event` and `step`. A
/// number that is infinite or not a number is written as null.
public final class MetricsLog: RunObserver {
    private let file: AppendingFile
    private var hasStart: Bool

    /// Starts a log at `path`; one that is there is replaced.
    public init(path: String) throws(ReportingError) {
        file = try AppendingFile(creating: path)
        hasStart = false
    }

    /// Continues the log at `path` for a run resumed from the checkpoint of `step`, so that it becomes what the log of
    /// a run never stopped is: what follows the checkpoint's first `count` lines goes, and so do a killed run's torn last
    /// line and an interrupted run's `end`. Where the count is not known, all after the checkpoint's line goes, and
    /// without such a line all with a later step. Without a log, starts one.
    public init(path: String, resumingFrom step: Int, keeping count: Int? = nil) throws(ReportingError) {
        guard FileManager.default.fileExists(atPath: path) else {
            file = try AppendingFile(creating: path)
            hasStart = false
            return
        }
        let lines = try MetricsReader(path: path).lines()
        let kept = lines.prefix(count ?? MetricsReader.keptCount(of: lines, resumingFrom: step))
        file = try AppendingFile(keeping: UInt64(kept.last?.end ?? 0), of: path)
        hasStart = kept.contains { if case .started = $0.event { true } else { false } }
    }

    public func observe(_ event: TrainingEvent) throws {
        if case .started = event {
            // A resumed run starts again, its log does not.
            if hasStart { return }
            hasStart = true
        }
        guard let line = event.jsonLine else { return }
        try file.append(Data((line + "\n").utf8))
        switch event {
        case .checkpointed, .finished: try file.synchronize()
        default: break
        }
    }

    /// The events of the log at `path`, without the torn last line that a killed run may leave.
    public static func read(path: String) throws(ReportingError) -> [TrainingEvent] {
        try MetricsReader(path: path).lines().map(\.event)
    }
}
