/// What happens during a run, as data. Training emits events; rendering and storing them is somebody else's subject.
public enum TrainingEvent: Sendable, Equatable {
    case started(RunStart)
    case selected(SelectionSummary)
    case stepped(StepSummary)
    case evaluated(EvaluationSummary)
    case checkpointed(CheckpointSummary)
    case finished(RunSummary)
}

/// The facts of a run that are known before its first step.
public struct RunStart: Sendable, Equatable, Codable {
    /// The recipe's name.
    public var recipe: String
    /// The teacher's policy, by preset name.
    public var policy: String
    public var seed: UInt64
    /// Training examples, numbered `0..<exampleCount`.
    public var exampleCount: Int
    public var parameterCount: Int
    /// Zero for a fresh run, else the step from which it was resumed.
    public var firstStep: Int
}

/// One optimiser update.
public struct StepSummary: Sendable, Equatable, Codable {
    public var step: Int
    /// Share of the budget spent after this step, in `0...1`.
    public var progress: Double
    /// Mean weighted training loss of the step.
    public var loss: Double
    public var learningRate: Double
    /// Norm of the gradient before clipping.
    public var gradientNorm: Double
    /// Examples taught (forward and backward) since the run's start.
    public var examplesTaught: Int
    /// Examples scored (forward only) since the run's start.
    public var examplesScored: Int
    /// Share of each example's elements (patches, tokens) that was taught, in `0...1`.
    public var elementShare: Double
    /// Seconds of training since the run's start: data, forward, backward, selection and scoring, without evaluation and checkpoints.
    public var seconds: Double
    public var examplesPerSecond: Double
}

/// One selection by the teacher.
public struct SelectionSummary: Sendable, Equatable, Codable {
    public var step: Int
    public var cycle: Int
    public var epoch: Int
    /// Share of the examples that is taught, in `0...1`.
    public var ratio: Double
    public var selectedCount: Int
    /// Minimum, 10th, 25th, 50th, 75th, 90th percentile and maximum of the known scores; empty before any is known.
    public var scoreQuantiles: [Float]
    /// Seconds spent on selection itself.
    public var selectionSeconds: Double
    /// Seconds spent on scoring passes for this selection.
    public var scoringSeconds: Double
}

/// Quality on held-out data, by metric name (`val/accuracy`, `val/loss`).
public struct EvaluationSummary: Sendable, Equatable, Codable {
    public var step: Int
    public var progress: Double
    /// Seconds of training so far, as in ``StepSummary/seconds``.
    public var seconds: Double
    public var metrics: [String: Double]
}

public struct CheckpointSummary: Sendable, Equatable, Codable {
    public var step: Int
    public var path: String
}

/// The outcome of a run.
public struct RunSummary: Sendable, Equatable, Codable {
    public var steps: Int
    /// Epochs as passes over the teacher's lessons.
    public var epochs: Int
    public var examplesTaught: Int
    public var examplesScored: Int
    /// Wall-clock seconds of training, overheads of the teacher included, evaluation and checkpoints not.
    public var seconds: Double
    /// Processor seconds (all threads) over the same span.
    public var processorSeconds: Double
    /// Where the seconds went: `data`, `forward`, `backward`, `optimizer`, `selection`, `scoring`.
    public var secondsByPhase: [String: Double]
    public var metrics: [String: Double]
    /// False when the run stopped early (signal) and can be resumed.
    public var isComplete: Bool
}
