import Foundation
import Training

/// Shows a run's progress: on a terminal one line rewritten in place, elsewhere a plain line now and then, and in
/// either case one line that stays at the end. Quiet, it shows nothing.
public final class StatusLine: RunObserver {
    /// The place of a run in a series, from 1.
    public struct Position: Sendable, Equatable {
        public var index: Int
        public var count: Int

        public init(_ index: Int, of count: Int) {
            self.index = index
            self.count = count
        }
    }

    static let redrawInterval = 0.1
    static let plainInterval = 5.0
    /// Seconds before the time to go is told: the first steps warm up and would mislead.
    private static let leastSpent = 1.0
    /// Steps over which the shown loss is smoothed.
    private static let smoothing = 20.0

    private let terminal: Terminal
    private let position: Position?
    private let isQuiet: Bool
    private let now: () -> Double

    private var view = StatusView()
    private var lossSteps = 0.0
    private var startTime = 0.0
    /// The progress from which the time to go is judged: where the run began or was resumed; nil until known.
    private var startProgress: Double?
    private var lastDrawing = -Double.infinity

    /// - Parameters:
    ///   - position: the run's place in a comparison, if it is part of one.
    ///   - now: seconds on a clock that never goes back.
    public init(
        position: Position? = nil, quiet: Bool = false, output: FileHandle = .standardOutput,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        now: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        terminal = Terminal(output, environment: environment)
        self.position = position
        isQuiet = quiet
        self.now = now
    }

    public func observe(_ event: TrainingEvent) {
        guard !isQuiet else { return }
        switch event {
        case .started(let start): begin(start)
        case .stepped(let step): show(step)
        case .evaluated(let evaluation):
            view.quality = QualityMetric.shown(of: evaluation.metrics.keys).flatMap { metric in
                evaluation.metrics[metric.name].map { (metric.name, $0) }
            }
        case .rejected(let rejection): tell(rejection)
        case .finished(let summary): end(summary)
        case .selected, .checkpointed, .exhibited: break
        }
    }

    private func begin(_ start: RunStart) {
        view = StatusView(label: "\(start.policy) · seed \(start.seed)")
        if let position { view.label += " · run \(position.index) of \(position.count)" }
        (lossSteps, startTime, lastDrawing) = (0, now(), -.infinity)
        startProgress = start.firstStep == 0 ? 0 : nil
    }

    private func show(_ step: StepSummary) {
        let time = now()
        let origin = startProgress ?? step.progress
        startProgress = origin
        let done = step.progress - origin
        view.progress = step.progress
        let spent = time - startTime
        view.remaining = spent >= Self.leastSpent && done > 0 ? spent / done * max(1 - step.progress, 0) : nil
        view.examplesPerSecond = step.examplesPerSecond
        lossSteps = min(lossSteps + 1, Self.smoothing)
        let smoothed = view.loss.map { $0 + (step.loss - $0) / lossSteps } ?? step.loss
        // One bad step must not blank the loss for the rest of the run.
        view.loss = smoothed.isFinite ? smoothed : step.loss
        let interval = terminal.isInteractive ? Self.redrawInterval : Self.plainInterval
        guard time - lastDrawing >= interval else { return }
        lastDrawing = time
        draw()
    }

    private func draw() {
        if terminal.isInteractive {
            // The last column stays free: some terminals wrap when it is written.
            terminal.write("\r" + view.line(width: terminal.width - 1, color: terminal.hasColor) + "\u{1B}[K")
        } else {
            terminal.write(view.plainLine + "\n")
        }
    }

    private func tell(_ rejection: RejectionSummary) {
        let examples = rejection.examples.prefix(8).map(String.init).joined(separator: ", ")
        let more = rejection.examples.count > 8 ? ", …" : ""
        let outcome =
            rejection.learnerStep == rejection.step - 1
            ? "the step is skipped" : "the learner goes back to step \(rejection.learnerStep)"
        terminal.write(
            (terminal.isInteractive ? "\r\u{1B}[K" : "")
                + "step \(rejection.step): no finite \(rejection.quantity) on the examples \(examples)\(more); \(outcome)\n"
        )
    }

    private func end(_ summary: RunSummary) {
        var parts = [view.label, summary.isComplete ? "done" : "stopped at step \(summary.steps)"]
        if let metric = QualityMetric.shown(of: summary.metrics.keys), let value = summary.metrics[metric.name] {
            parts.append("\(metric.name) \(metric.text(value))")
        }
        parts.append(Format.duration(summary.seconds))
        parts.append(Format.count(Double(summary.examplesTaught)) + " examples taught")
        terminal.write((terminal.isInteractive ? "\r\u{1B}[K" : "") + parts.joined(separator: "  ") + "\n")
    }
}
