import Foundation
import Training

/// All that is known of one run, for tables and reports.
public struct RunRecord: Sendable, Equatable {
    public var start: RunStart
    public var summary: RunSummary
    public var steps: [StepSummary]
    public var selections: [SelectionSummary]
    public var evaluations: [EvaluationSummary]
    /// The examples taught most and least; nil where the run told nothing of them.
    public var exhibition: Exhibition?

    public var policy: String { start.policy }
    public var seed: UInt64 { start.seed }
    /// Examples taught over those that there are, as a selection's epoch counts; lessons that teach fewer are parts of one.
    var epochs: Double { Double(summary.examplesTaught) / Double(max(start.exampleCount, 1)) }

    public init(
        start: RunStart, summary: RunSummary, steps: [StepSummary] = [], selections: [SelectionSummary] = [],
        evaluations: [EvaluationSummary] = [], exhibition: Exhibition? = nil
    ) {
        self.start = start
        self.summary = summary
        self.steps = steps
        self.selections = selections
        self.evaluations = evaluations
        self.exhibition = exhibition
    }

    /// The record of the run whose log is at `path`.
    ///
    /// - Throws: ``ReportingError/missingEvent(path:event:)`` for a run that never started or has not ended.
    public init(metricsLog path: String) throws(ReportingError) {
        let recorder = RunRecorder()
        for event in try MetricsLog.read(path: path) { recorder.observe(event) }
        guard recorder.start != nil else { throw .missingEvent(path: path, event: "start") }
        guard let record = recorder.record else { throw .missingEvent(path: path, event: "end") }
        self = record
        exhibition = try ExhibitionFile.read(in: (path as NSString).deletingLastPathComponent)
    }
}

/// Keeps a run's history in bounded memory: of long runs every second step is kept, then every fourth, and so on.
public final class RunRecorder: RunObserver {
    private static let mostSteps = 4096

    private(set) var start: RunStart?
    private var summary: RunSummary?
    /// Of all steps, also those that are not kept.
    private(set) var latestStep: StepSummary?
    private var steps: [StepSummary] = []
    private var stride = 1
    private var skipped = 0
    private var selections: [SelectionSummary] = []
    private var evaluations: [EvaluationSummary] = []
    private var exhibition: Exhibition?

    public init() {}

    /// The run so far; nil until it has finished.
    public var record: RunRecord? {
        guard let start, let summary else { return nil }
        return RunRecord(
            start: start, summary: summary, steps: steps, selections: selections, evaluations: evaluations,
            exhibition: exhibition)
    }

    /// The run up to now: its record where it has finished, else one whose summary is what is known so far; nil before
    /// its start.
    public var current: RunRecord? {
        if let record { return record }
        guard let start else { return nil }
        var summary = RunSummary.blank
        summary.steps = latestStep?.step ?? start.firstStep
        summary.epochs = selections.last.map { $0.epoch + 1 } ?? 0
        summary.examplesTaught = latestStep?.examplesTaught ?? 0
        summary.examplesScored = latestStep?.examplesScored ?? 0
        summary.seconds = latestStep?.seconds ?? 0
        summary.metrics = evaluations.last?.metrics ?? [:]
        return RunRecord(
            start: start, summary: summary, steps: steps, selections: selections, evaluations: evaluations,
            exhibition: exhibition)
    }

    public func observe(_ event: TrainingEvent) {
        switch event {
        case .started(let start): self.start = start
        case .stepped(let step): keep(step)
        case .selected(let selection): selections.append(selection)
        case .evaluated(let evaluation): evaluations.append(evaluation)
        case .rejected, .checkpointed: break
        case .exhibited(let exhibition): self.exhibition = exhibition
        case .finished(let summary): self.summary = summary
        }
    }

    private func keep(_ step: StepSummary) {
        latestStep = step
        skipped += 1
        guard skipped == stride else { return }
        skipped = 0
        steps.append(step)
        guard steps.count == Self.mostSteps else { return }
        steps = Swift.stride(from: 1, to: steps.count, by: 2).map { steps[$0] }
        stride *= 2
    }
}
