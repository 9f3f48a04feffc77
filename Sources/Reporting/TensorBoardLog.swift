import Foundation
import Training

/// Writes a run's events as a TensorBoard event file (`events.out.tfevents.…`) in a folder.
///
/// Scalars: `train/loss`, `train/learning_rate`, `train/gradient_norm`, `train/examples_per_second`,
/// `train/element_share`, `teacher/ratio`, `teacher/selected` and every metric of an evaluation under its own name;
/// histograms: `teacher/scores`; at every evaluation the examples taught most and least so far, as images or texts:
/// `examples/most_taught`, `examples/least_taught`. A resumed run writes a second file, whose start tells TensorBoard to discard what the
/// first one holds of later steps.
public final class TensorBoardLog: RunObserver {
    /// The event file.
    public let path: String
    private let file: AppendingFile
    private let now: () -> Double
    private var exampleCount = 0

    /// - Parameters:
    ///   - folder: where the event file goes; it must exist.
    ///   - now: seconds since 1970, for the file's name and the events' wall time.
    public init(
        folder: String, now: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) throws(ReportingError) {
        self.now = now
        let host = ProcessInfo.processInfo.hostName
        let process = ProcessInfo.processInfo.processIdentifier
        let stem = "\(folder)/events.out.tfevents.\(Int(now())).\(host).\(process)"
        // Two runs of one process may start in one second: TensorBoard reads a folder's files in the order of names.
        var count = 0
        while FileManager.default.fileExists(atPath: "\(stem).\(count)") { count += 1 }
        path = "\(stem).\(count)"
        file = try AppendingFile(creating: path)
        var version = ProtobufMessage()
        version.append(now(), field: EventField.wallTime)
        version.append("brain.Event:2", field: EventField.fileVersion)
        try file.append(TFRecord.framed(version.bytes))
    }

    public func observe(_ event: TrainingEvent) throws {
        switch event {
        case .started(let start):
            exampleCount = start.exampleCount
            if start.firstStep > 0 { try restart(at: start.firstStep + 1) }
        case .stepped(let step):
            try write(
                [
                    ("train/loss", step.loss), ("train/learning_rate", step.learningRate),
                    ("train/gradient_norm", step.gradientNorm),
                    ("train/examples_per_second", step.examplesPerSecond), ("train/element_share", step.elementShare),
                ], step: step.step)
        case .selected(let selection):
            try write(
                [("teacher/ratio", selection.ratio), ("teacher/selected", Double(selection.selectedCount))],
                step: selection.step)
            let quantiles = selection.scoreQuantiles
            if let scores = Histogram(counts: selection.scoreCounts, from: quantiles.first, to: quantiles.last)
                ?? Histogram(quantiles: quantiles, count: exampleCount)
            {
                try write(scores, tag: "teacher/scores", step: selection.step)
            }
        case .evaluated(let evaluation):
            try write(evaluation.metrics.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, step: evaluation.step)
        case .exhibited(let exhibition): try write(exhibition)
        case .rejected, .checkpointed, .finished: break
        }
    }

    /// Writes scalars of one step. TensorBoard stores single precision.
    public func write(_ scalars: [(tag: String, value: Double)], step: Int) throws(ReportingError) {
        var summary = ProtobufMessage()
        for (tag, value) in scalars {
            var entry = ProtobufMessage()
            entry.append(tag, field: ValueField.tag)
            entry.append(Float(value), field: ValueField.simpleValue)
            summary.append(entry, field: SummaryField.value)
        }
        try write(summary, step: step)
    }

    func write(_ summary: ProtobufMessage, step: Int) throws(ReportingError) {
        var event = ProtobufMessage()
        event.append(now(), field: EventField.wallTime)
        event.append(Int64(step), field: EventField.step)
        event.append(summary, field: EventField.summary)
        try file.append(TFRecord.framed(event.bytes))
    }

    private func restart(at step: Int) throws(ReportingError) {
        var session = ProtobufMessage()
        session.append(SessionField.started, field: SessionField.status)
        var event = ProtobufMessage()
        event.append(now(), field: EventField.wallTime)
        event.append(Int64(step), field: EventField.step)
        event.append(session, field: EventField.sessionLog)
        try file.append(TFRecord.framed(event.bytes))
    }
}

// Field numbers of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.

private enum EventField {
    static let wallTime: UInt64 = 1
    static let step: UInt64 = 2
    static let fileVersion: UInt64 = 3
    static let summary: UInt64 = 5
    static let sessionLog: UInt64 = 7
}

enum SummaryField {
    static let value: UInt64 = 1
}

enum ValueField {
    static let tag: UInt64 = 1
    static let simpleValue: UInt64 = 2
    static let image: UInt64 = 4
    static let histogram: UInt64 = 5
    static let tensor: UInt64 = 8
    static let metadata: UInt64 = 9
}

private enum SessionField {
    static let status: UInt64 = 1
    static let started: Int64 = 1
}
