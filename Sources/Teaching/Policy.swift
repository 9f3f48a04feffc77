/// Everything a teacher's behaviour depends on, as a value.
///
/// Take a preset and change what you need: `var policy = Policy.attent; policy.ratio = .constant(0.5)`.
public struct Policy: Codable, Sendable, Equatable {
    /// The preset's name, or one of your own.
    public var name: String
    /// What the trainer measures as an example's score. The teacher only ever compares the numbers.
    public var score: ScoreKind
    /// Where scores come from: recorded while training, or measured anew before a selection.
    public var source: ScoreSource
    /// Share of the examples taught, over the selection cycles.
    public var ratio: Schedule
    /// Lessons that a selection stays, over the selection cycles; rounded, at least 1.
    public var interval: Schedule
    /// How examples are chosen.
    public var selection: Selection
    /// How much a taught example's loss weighs.
    public var weights: Weighting
    /// Lessons taught in full before the first selection.
    public var warmUp: Int
    /// The last share of the run, in `[0, 1)`, that is taught in full.
    public var annealing: Double
    /// Scores above this quantile of the known ones count as that quantile, in `(0, 1]`: an outlier, such as an example
    /// with a wrong target, is not taught more than the others. 1 is no ceiling. For `hard` and `soft` selection.
    public var ceiling: Double
    /// Which share of each example's elements is taught; all where `nil`.
    public var elements: ElementSchedule?
    /// Which tokens of each example a language model is taught; all where `nil`. The scores stay those of all tokens.
    public var tokens: TokenSelection?
    /// Cost of scoring an example, as a share of the cost of teaching it.
    public var scoringCost: Double

    public init(
        name: String, score: ScoreKind = .loss, source: ScoreSource = .recorded, ratio: Schedule = .constant(1),
        interval: Schedule = .constant(1), selection: Selection = .random, weights: Weighting = .none, warmUp: Int = 0,
        annealing: Double = 0, ceiling: Double = 1, elements: ElementSchedule? = nil,
        tokens: TokenSelection? = nil, scoringCost: Double = 0.3
    ) {
        self.name = name
        self.score = score
        self.source = source
        self.ratio = ratio
        self.interval = interval
        self.selection = selection
        self.weights = weights
        self.warmUp = warmUp
        self.annealing = annealing
        self.ceiling = ceiling
        self.elements = elements
        self.tokens = tokens
        self.scoringCost = scoringCost
    }

    /// What an example's score measures; always a mean over the example's valid elements.
    public enum ScoreKind: String, Codable, Sendable, CaseIterable {
        /// The training loss.
        case loss
        /// The Frobenius norm of output minus target; for classes and tokens, of softmax minus one-hot.
        case residual
        /// The loss minus a frozen reference learner's (Mindermann et al., arXiv 2206.07137).
        case reducible
        /// The norm of the gradient as the neural tangent kernel augments it.
        case ntk
    }

    /// Where scores come from.
    public enum ScoreSource: Sendable, Equatable {
        /// The training forward, which happens anyway: free, and as old as the example's last lesson.
        case recorded
        /// As `recorded`, and before a selection every example whose score is more than `staleAfter` lessons old gets a
        /// scoring pass; with 0, all examples do, and nothing is recorded.
        case refreshed(staleAfter: Int)
    }

    /// How much a taught example's loss weighs.
    public enum Weighting: Sendable, Equatable {
        /// All weigh 1.
        case none
        /// The inverse of the probability of being taught, at most `cap`, so that the expected gradient is that of all
        /// examples. For `random` and `soft` it is scaled by the taught share, so that the weights of a lesson average
        /// 1; for `prune` it is not, as InfoBatch has it.
        case unbiased(cap: Double)
    }
}

extension Policy {
    /// Whether the number of examples a lesson teaches is known before the scores are.
    public var hasFixedCount: Bool {
        switch selection {
        case .random, .hard, .soft: true
        case .prune, .importance, .window, .admission, .hide: false
        }
    }

    /// The fewest of `exampleCount` examples that a selection takes, where that is known before the scores are; else all.
    public func leastCount(of exampleCount: Int) -> Int {
        hasFixedCount ? Plan.count(ratio: ratio.bounds.lowerBound, of: exampleCount) : exampleCount
    }

    /// Whether anything depends on the scores.
    public var usesScores: Bool {
        selection != .random
    }

    /// Whether the trainer has to hand over the scores of its training forward.
    public var recordsScores: Bool {
        usesScores && source != .refreshed(staleAfter: 0)
    }

    /// Whether the trainer has to hand over the learner's confidence with its scores.
    public var tracksConfidence: Bool {
        if case .hide = selection { true } else { false }
    }
}
