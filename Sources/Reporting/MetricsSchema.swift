import Foundation
import Training

/// The keys of `metrics.jsonl`: a stable format, new keys may join, none changes its meaning.
///
/// Every line is one JSON object with `event` and `step`. Seconds are seconds of training since the run's start,
/// without evaluation and checkpoints. Metrics of quality (`val/accuracy`, `test/accuracy`, `val/loss`, …) stand beside
/// an event's own keys under their own names; in `end`, `seconds/<phase>` tells where the time went.
enum MetricsSchema {
    static let start: [MetricsField<RunStart>] = [
        .init("step", \.firstStep, "0, or the step that the run was resumed from"),
        .init("recipe", \.recipe, "the recipe's name"),
        .init("policy", \.policy, "the teacher's policy, in a comparison with its budget: `standard@0.7`"),
        .init("seed", \.seed, "the seed"),
        .init("examples", \.exampleCount, "training examples"),
        .init("parameters", \.parameterCount, "the learner's parameters"),
    ]

    static let step: [MetricsField<StepSummary>] = [
        .init("step", \.step, "optimiser steps so far"),
        .init("progress", \.progress, "share of the budget spent, 0 to 1"),
        .init("train/loss", \.loss, "mean weighted loss of the step"),
        .init("train/learning_rate", \.learningRate, "the learning rate of the step"),
        .init("train/gradient_norm", \.gradientNorm, "norm of the gradient before clipping"),
        .init("train/examples_taught", \.examplesTaught, "examples taught so far, each time counted"),
        .init("train/examples_scored", \.examplesScored, "examples scored by forward passes of their own so far"),
        .init("train/element_share", \.elementShare, "share of each example's patches or tokens taught, 0 to 1"),
        .init("train/seconds", \.seconds, "seconds of training so far"),
        .init("train/examples_per_second", \.examplesPerSecond, "examples taught a second, over the run so far"),
    ]

    static let rejection: [MetricsField<RejectionSummary>] = [
        .init("step", \.step, "optimiser steps so far, this one counted"),
        .init("rejection/quantity", \.quantity, "what was no number: `loss` or `gradient`"),
        .init("rejection/examples", \.examples, "the examples to blame, by number"),
        .init("rejection/learner_step", \.learnerStep, "the step whose weights the learner goes on with"),
    ]

    static let selection: [MetricsField<SelectionSummary>] = [
        .init("step", \.step, "optimiser steps before it"),
        .init("teacher/cycle", \.cycle, "number of the selection, from 0"),
        .init("teacher/epoch", \.epoch, "epoch of standard training's count in which it begins, from 0"),
        .init("teacher/ratio", \.ratio, "share of the examples that the schedule asks for, 0 to 1"),
        .init("teacher/selected", \.selectedCount, "examples selected"),
        .init(
            "teacher/score_quantiles", \.scoreQuantiles,
            "minimum, 10th, 25th, 50th, 75th, 90th percentile and maximum of the known scores; empty where none is"),
        .init(
            "teacher/score_counts", \.scoreCounts,
            "how many scores lie in each stretch of equal width from minimum to maximum", isOptional: true),
        .init("teacher/selection_seconds", \.selectionSeconds, "seconds that choosing took"),
        .init("teacher/scoring_seconds", \.scoringSeconds, "seconds that scoring passes for it took"),
    ]

    static let evaluation: [MetricsField<EvaluationSummary>] = [
        .init("step", \.step, "optimiser steps so far"),
        .init("progress", \.progress, "share of the budget spent, 0 to 1"),
        .init("train/seconds", \.seconds, "seconds of training so far"),
    ]

    static let checkpoint: [MetricsField<CheckpointSummary>] = [
        .init("step", \.step, "optimiser steps so far"), .init("path", \.path, "the checkpoint's folder"),
    ]

    static let end: [MetricsField<RunSummary>] = [
        .init("step", \.steps, "optimiser steps in all"),
        .init("complete", \.isComplete, "false for a run that was stopped and can be resumed"),
        .init("train/epochs", \.epochs, "lessons, the teacher's epochs"),
        .init("train/examples_taught", \.examplesTaught, "examples taught in all, each time counted"),
        .init("train/examples_scored", \.examplesScored, "examples scored by forward passes of their own in all"),
        .init("train/seconds", \.seconds, "seconds of training in all"),
        .init("train/processor_seconds", \.processorSeconds, "processor seconds of all threads over the same span"),
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
        case .exhibited: "exhibition"
        case .finished: "end"
        }
    }

    /// The event as one line of `metrics.jsonl`, without the line feed; nil for what has a file of its own.
    var jsonLine: String? {
        switch self {
        case .started(let start): line(start, MetricsSchema.start)
        case .selected(let selection): line(selection, MetricsSchema.selection)
        case .stepped(let step): line(step, MetricsSchema.step)
        case .rejected(let rejection): line(rejection, MetricsSchema.rejection)
        case .evaluated(let evaluation): line(evaluation, MetricsSchema.evaluation, also: evaluation.metrics)
        case .checkpointed(let checkpoint): line(checkpoint, MetricsSchema.checkpoint)
        case .exhibited: nil
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
