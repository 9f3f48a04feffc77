import Foundation
import Training

/// Writes a run's events to `metrics.jsonl`, one JSON object a line, each line on disk as soon as it happened.
///
/// The keys are those of a stable format:
/// - `start`: `step` (0, or the step resumed from), `recipe`, `policy`, `seed`, `examples`, `parameters`
/// - `step`: `progress`, `train/loss`, `train/learning_rate`, `train/gradient_norm`, `train/examples_taught`,
///   `train/examples_scored`, `train/element_share`, `train/seconds`, `train/examples_per_second`
/// - `rejection`: `rejection/quantity` (loss or gradient), `rejection/examples`, `rejection/learner_step` (the step whose
///   weights the learner goes on with)
/// - `selection`: `teacher/cycle`, `teacher/epoch`, `teacher/ratio`, `teacher/selected`, `teacher/score_quantiles`
///   (minimum, 10th, 25th, 50th, 75th, 90th percentile, maximum), `teacher/selection_seconds`,
///   `teacher/scoring_seconds`
/// - `evaluation`: `progress`, `train/seconds` and each metric by its own name (`val/accuracy`, …)
/// - `checkpoint`: `path`
/// - `end`: `complete`, `train/epochs`, `train/examples_taught`, `train/examples_scored`, `train/seconds`,
///   `train/processor_seconds`, `seconds/<phase>` and each metric by its own name
///
/// Every line has `event` and `step`. A number that is infinite or not a number is written as null.
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
        try file.append(Data((event.jsonLine + "\n").utf8))
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
