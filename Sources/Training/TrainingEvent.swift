/// What happens during a run, as data. Training emits events; rendering and storing them is somebody else's subject.
public enum TrainingEvent: Sendable, Equatable {
    case started(RunStart)
    case selected(SelectionSummary)
    case stepped(StepSummary)
    case rejected(RejectionSummary)
    case evaluated(EvaluationSummary)
    case checkpointed(CheckpointSummary)
    case exhibited(Exhibition)
    case finished(RunSummary)
}

/// The facts of a run that are known before its first step.
public struct RunStart: Sendable, Equatable, Codable {
    /// The recipe's name.
    public var recipe = ""
    /// The teacher's policy, by preset name.
    public var policy = ""
    public var seed: UInt64 = 0
    /// Training examples, numbered `0..<exampleCount`.
    public var exampleCount = 0
    public var parameterCount = 0
    /// Zero for a fresh run, else the step from which it was resumed.
    public var firstStep = 0
}

/// One optimiser update.
public struct StepSummary: Sendable, Equatable, Codable {
    public var step = 0
    /// Share of the budget spent after this step, in `0...1`.
    public var progress = 0.0
    /// Mean weighted training loss of the step.
    public var loss = 0.0
    public var learningRate = 0.0
    /// Norm of the gradient before clipping.
    public var gradientNorm = 0.0
    /// Examples taught (forward and backward) since the run's start.
    public var examplesTaught = 0
    /// Examples scored (forward only) since the run's start.
    public var examplesScored = 0
    /// Share of each example's elements (patches, tokens) that was taught, in `0...1`.
    public var elementShare = 0.0
    /// Seconds of training since the run's start: data, forward, backward, selection and scoring, without evaluation and checkpoints.
    public var seconds = 0.0
    public var examplesPerSecond = 0.0
}

/// A step that taught nothing, since its loss or gradient was not a number.
public struct RejectionSummary: Sendable, Equatable, Codable {
    public var step = 0
    /// `loss` or `gradient`.
    public var quantity = ""
    /// Those to blame.
    public var examples: [Int] = []
    /// The step after which the learner had the weights that it goes on with: the one before, or a checkpoint's.
    public var learnerStep = 0
}

/// One selection by the teacher.
public struct SelectionSummary: Sendable, Equatable, Codable {
    public var step = 0
    public var cycle = 0
    public var epoch = 0
    /// Share of the examples that is taught, in `0...1`.
    public var ratio = 0.0
    public var selectedCount = 0
    /// Minimum, 10th, 25th, 50th, 75th, 90th percentile and maximum of the known scores; empty before any is known.
    public var scoreQuantiles: [Float] = []
    /// How many of the known scores lie in each stretch of equal width between minimum and maximum; empty before any is
    /// known.
    public var scoreCounts: [Int] = []
    /// Seconds spent on selection itself.
    public var selectionSeconds = 0.0
    /// Seconds spent on scoring passes for this selection.
    public var scoringSeconds = 0.0
}

/// Quality on held-out data, by metric name (`val/accuracy`, `val/loss`).
public struct EvaluationSummary: Sendable, Equatable, Codable {
    public var step = 0
    public var progress = 0.0
    /// Seconds of training so far, as in ``StepSummary/seconds``.
    public var seconds = 0.0
    public var metrics: [String: Double] = [:]
}

public struct CheckpointSummary: Sendable, Equatable, Codable {
    public var step = 0
    public var path = ""
}

/// The outcome of a run.
public struct RunSummary: Sendable, Equatable, Codable {
    public var steps = 0
    /// Epochs as passes over the teacher's lessons.
    public var epochs = 0
    public var examplesTaught = 0
    public var examplesScored = 0
    /// Wall-clock seconds of training, overheads of the teacher included, evaluation and checkpoints not.
    public var seconds = 0.0
    /// Processor seconds (all threads) over the same span.
    public var processorSeconds = 0.0
    /// Where the seconds went: `data`, `forward`, `backward`, `optimizer`, `selection`, `scoring`.
    public var secondsByPhase: [String: Double] = [:]
    public var metrics: [String: Double] = [:]
    /// False when the run stopped early (signal) and can be resumed.
    public var isComplete = false
}

// Blank events, for whoever reads them back from a file of its own.

extension RunStart { public static var blank: RunStart { RunStart() } }
extension StepSummary { public static var blank: StepSummary { StepSummary() } }
extension RejectionSummary { public static var blank: RejectionSummary { RejectionSummary() } }
extension SelectionSummary { public static var blank: SelectionSummary { SelectionSummary() } }
extension EvaluationSummary { public static var blank: EvaluationSummary { EvaluationSummary() } }
extension CheckpointSummary { public static var blank: CheckpointSummary { CheckpointSummary() } }
extension RunSummary { public static var blank: RunSummary { RunSummary() } }
