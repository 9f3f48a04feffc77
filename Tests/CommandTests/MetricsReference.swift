@testable import Reporting
@testable import Training

/// The reference of `metrics.jsonl`, out of the fields that are written and read.
enum MetricsReference {
    static var markdown: String {
        [
            head, table("start", "once, at the beginning", MetricsSchema.start),
            table("selection", "for each selection of the teacher", MetricsSchema.selection),
            table("step", "for each optimiser step", MetricsSchema.step),
            table(
                "evaluation",
                "for each evaluation; each metric stands beside these under its own name, such as "
                    + "`val/accuracy`, `val/loss`", MetricsSchema.evaluation),
            table("checkpoint", "for each checkpoint", MetricsSchema.checkpoint),
            table(
                "end",
                "once, at the end; the metrics of the last evaluation stand beside these, and "
                    + "`\(MetricsSchema.phasePrefix)PHASE` tells where the time went: `data`, `forward`, `backward`, "
                    + "`optimizer`, `selection`, `scoring`", MetricsSchema.end),
        ].joined(separator: "\n") + "\n"
    }

    private static let head = """
        # Metrics

        What `metrics.jsonl` holds: one JSON object a line, each on disk as soon as it happened.

        The format is stable: new keys may join, none changes its meaning, and readers pass over keys that they do not know. Every
        line has `event` and `step`. Seconds are seconds of training since the run's start, without evaluation and checkpoints. A
        number that is infinite or not a number is written as null. A run that was resumed has the log of a run never stopped; a
        killed run's last line may be torn.

        TensorBoard's event file beside it holds the same scalars, the scores' histograms and the examples taught most and least.
        No offline directory for Weights & Biases is written: the format of its store is not documented.

        <!-- Made by `make reference` from the fields that are written; a test keeps it current. -->
        """

    private static func table<Summary>(_ event: String, _ when: String, _ fields: [MetricsField<Summary>]) -> String {
        let rows = fields.map { "| `\($0.key)` | \($0.kind) | \($0.meaning) |" }
        return "\n## \(event)\n\nWritten \(when).\n\n| key | value | meaning |\n|---|---|---|\n"
            + rows.joined(separator: "\n")
    }
}
