import Foundation
import Training

/// The keys of `metrics.jsonl`: a stable format, new keys may join, none changes its meaning.
///
/// Every line is one JSON object with `event` and `step`. Seconds are seconds of training since the run's start,
/// without evaluation and checkpoints. Metrics of quality (`val/accuracy`, `test/accuracy`, `val/loss`, …) stand beside
/// an event's own keys under their own names; in `end`, `seconds/<phase>` tells where the time went.
enum MetricsSchema {
    static let start: [MetricsField<RunStart>] = [
        .init("step", \.firstStep), .init("recipe", \.recipe), .init("policy", \.policy), .init("seed", \.seed),
        .init("examples", \.exampleCount), .init("parameters", \.parameterCount),
    ]

    static let step: [MetricsField<StepSummary>] = [
        .init("step", \.step), .init("progress", \.progress), .init("train/loss", \.loss),
        .init("train/learning_rate", \.learningRate), .init("train/gradient_norm", \.gradientNorm),
        .init("train/examples_taught", \.examplesTaught), .init("train/examples_scored", \.examplesScored),
        .init("train/element_share", \.elementShare), .init("train/seconds", \.seconds),
        .init("train/examples_per_second", \.examplesPerSecond),
    ]

    static let rejection: [MetricsField<RejectionSummary>] = [
        .init("step", \.step), .init("rejection/quantity", \.quantity), .init("rejection/examples", \.examples),
        .init("rejection/learner_step", \.learnerStep),
    ]

    static let selection: [MetricsField<SelectionSummary>] = [
        .init("step", \.step), .init("teacher/cycle", \.cycle), .init("teacher/epoch", \.epoch),
        .init("teacher/ratio", \.ratio), .init("teacher/selected", \.selectedCount),
        .init("teacher/score_quantiles", \.scoreQuantiles),
        .init("teacher/selection_seconds", \.selectionSeconds), .init("teacher/scoring_seconds", \.scoringSeconds),
    ]

    static let evaluation: [MetricsField<EvaluationSummary>] = [
        .init("step", \.step), .init("progress", \.progress), .init("train/seconds", \.seconds),
    ]

    static let checkpoint: [MetricsField<CheckpointSummary>] = [.init("step", \.step), .init("path", \.path)]

    static let end: [MetricsField<RunSummary>] = [
        .init("step", \.steps), .init("complete", \.isComplete), .init("train/epochs", \.epochs),
        .init("train/examples_taught", \.examplesTaught), .init("train/examples_scored", \.examplesScored),
        .init("train/seconds", \.seconds), .init("train/processor_seconds", \.processorSeconds),
    ]

    static let phasePrefix = "seconds/"
}

extension TrainingEvent {
    /// The event's name in `metrics.jsonl`.
    var name: String {
        switch self {
        case .started: "start"
        case .selected: "selection"
        case .stepped: "step"
        case .rejected: "rejection"
        case .evaluated: "evaluation"
        case .checkpointed: "checkpoint"
        case .finished: "end"
        }
    }

    /// The event as one line of `metrics.jsonl`, without the line feed.
    var jsonLine: String {
        switch self {
        case .started(let start): line(start, MetricsSchema.start)
        case .selected(let selection): line(selection, MetricsSchema.selection)
        case .stepped(let step): line(step, MetricsSchema.step)
        case .rejected(let rejection): line(rejection, MetricsSchema.rejection)
        case .evaluated(let evaluation): line(evaluation, MetricsSchema.evaluation, also: evaluation.metrics)
        case .checkpointed(let checkpoint): line(checkpoint, MetricsSchema.checkpoint)
        case .finished(let summary):
            line(
                summary, MetricsSchema.end,
                also: Dictionary(
                    summary.secondsByPhase.map { (MetricsSchema.phasePrefix + $0.key, $0.value) },
                    uniquingKeysWith: { first, _ in first }
                ).merging(summary.metrics) { first, _ in first })
        }
    }

    private func line<Summary>(
        _ summary: Summary, _ fields: [MetricsField<Summary>], also numbers: [String: Double] = [:]
    ) -> String {
        var text = "{\"event\":\"\(name)\""
        for field in fields { text += ",\"\(field.key)\":\(field.json(summary))" }
        for (key, value) in numbers.sorted(by: { $0.key < $1.key }) { text += ",\(jsonQuoted(key)):\(value.json)" }
        return text + "}"
    }
}
