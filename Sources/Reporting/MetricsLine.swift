import Foundation
import Training

/// One parsed line of `metrics.jsonl`.
struct MetricsLine: Decodable {
    let event: TrainingEvent

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: MetricsKey.self)
        let name = try container.decode(String.self, forKey: MetricsKey("event"))
        switch name {
        case "start": event = .started(try Self.read(RunStart.blank, MetricsSchema.start, container))
        case "selection": event = .selected(try Self.read(SelectionSummary.blank, MetricsSchema.selection, container))
        case "step": event = .stepped(try Self.read(StepSummary.blank, MetricsSchema.step, container))
        case "rejection": event = .rejected(try Self.read(RejectionSummary.blank, MetricsSchema.rejection, container))
        case "checkpoint":
            event = .checkpointed(try Self.read(CheckpointSummary.blank, MetricsSchema.checkpoint, container))
        case "evaluation":
            var evaluation = try Self.read(EvaluationSummary.blank, MetricsSchema.evaluation, container)
            evaluation.metrics = try Self.others(than: MetricsSchema.evaluation, container)
            event = .evaluated(evaluation)
        case "end":
            var summary = try Self.read(RunSummary.blank, MetricsSchema.end, container)
            for (key, value) in try Self.others(than: MetricsSchema.end, container) {
                if key.hasPrefix(MetricsSchema.phasePrefix) {
                    summary.secondsByPhase[String(key.dropFirst(MetricsSchema.phasePrefix.count))] = value
                } else {
                    summary.metrics[key] = value
                }
            }
            event = .finished(summary)
        default:
            throw DecodingError.dataCorruptedError(
                forKey: MetricsKey("event"), in: container, debugDescription: "`\(name)` is not an event of this format"
            )
        }
    }

    private static func read<Summary>(
        _ blank: Summary, _ fields: [MetricsField<Summary>], _ container: MetricsContainer
    ) throws -> Summary {
        var summary = blank
        for field in fields { try field.read(&summary, container) }
        return summary
    }

    /// The numbers whose keys belong to no field: the metrics of quality.
    private static func others<Summary>(
        than fields: [MetricsField<Summary>], _ container: MetricsContainer
    ) throws -> [String: Double] {
        let known = Set(fields.map(\.key) + ["event"])
        var numbers: [String: Double] = [:]
        for key in container.allKeys where !known.contains(key.stringValue) {
            // A later version of the format may add keys that hold something else.
            if let number = try? Double.read(container, key) { numbers[key.stringValue] = number }
        }
        return numbers
    }
}
