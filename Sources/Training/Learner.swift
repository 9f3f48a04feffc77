import Datasets
import Models
import NN
import Teaching
import Torch

/// A network together with its task: what a trainer needs to know of it.
public protocol Learner: Sendable {
    /// What a batch holds, as the dataset makes it.
    associatedtype Content: Sendable

    var parameters: Parameters { get }
    /// The elements (patches, tokens) of each sequence, of which a subset may be taught.
    var elementCount: Int { get }
    /// What the learner changes from step to step beside its parameters, by name; checkpoints keep it. The tensors are
    /// the live ones.
    var state: [Parameters.Entry] { get }

    /// One forward pass.
    ///
    /// - Parameters:
    ///   - elements: what the learner sees of each sequence; all where nil.
    ///   - score: what to measure beside the loss; nothing where nil.
    ///   - isTraining: whether dropout is on.
    func assess(
        _ content: Content, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment

    /// How a part of an example can be taught: by an assessment of a subset, and where ``reduced(_:to:)`` is there.
    var elementForms: Set<ElementSchedule.Form> { get }
    /// The one that the form `auto` stands for; nil where teaching parts does not pay.
    var preferredElementForm: ElementSchedule.Form? { get }

    /// How the elements of a part can be chosen: by what ``Assessment/elementScores`` measure, or by chance.
    var elementChoices: Set<ElementSchedule.Choice> { get }
    /// The one that the choice `auto` stands for.
    var preferredElementChoice: ElementSchedule.Choice { get }

    /// The examples made smaller, to about `count` of their elements: images at a lower resolution or cut to a window, texts
    /// to their beginning.
    func reduced(_ content: Content, to count: Int) throws -> Content

    /// Quality on a batch of held-out data, as sums that add up over batches.
    func evaluate(_ content: Content) throws -> Tally

    /// What there is to see of each example and of what the learner makes of it, in the same order for all; nothing
    /// where a learner says nothing else.
    func panels(_ content: Content) throws -> [[Panel]]

    /// Zeros, of the shape of its ``Assessment/statistics``; nil for a learner that changes nothing but its parameters.
    func freshStatistics() throws -> Tensor?

    /// Changes its own state, once a step that was taken.
    ///
    /// - Parameter statistics: those of the step's batch over the number of its examples; on every rank the same.
    func adapt(to statistics: Tensor) throws

    /// The metrics that a tally of all held-out data amounts to; its means, where a learner says nothing else.
    func metrics(of tally: Tally) -> [String: Double]
}

extension Learner {
    public var state: [Parameters.Entry] { [] }
    public func panels(_ content: Content) throws -> [[Panel]] { [] }
    public var elementForms: Set<ElementSchedule.Form> { [.subset] }
    public var preferredElementForm: ElementSchedule.Form? { .subset }
    public var elementChoices: Set<ElementSchedule.Choice> { [.uniform] }
    public var preferredElementChoice: ElementSchedule.Choice { .uniform }
    public func reduced(_ content: Content, to count: Int) throws -> Content { content }
    public func freshStatistics() throws -> Tensor? { nil }
    public func adapt(to statistics: Tensor) throws {}

    public func metrics(of tally: Tally) -> [String: Double] { tally.means }
}

/// The outcome of a forward pass, one value an example.
public struct Assessment {
    /// [B], with their graph: the mean over an example's valid elements, so that batch-mates do not matter.
    public var losses: Tensor
    /// [B], without a graph; nil where none was asked for.
    public var scores: Tensor?
    /// [B], the probability of the right answer where the learner gives it, 0 elsewhere; nil where none was asked for.
    public var confidences: Tensor?
    /// What the learner adapts to, without a graph: sums over the examples. nil for nothing.
    public var statistics: Tensor?
    /// Measures [B, E], what each of an example's E elements is chosen by, for who asks: its loss, or how much attention
    /// depends on it over what it does on average; below 0 where that is not known. nil where all elements were seen and for
    /// a learner that does not tell.
    public var elementScores: (() throws -> Tensor)?

    public init(
        losses: Tensor, scores: Tensor? = nil, confidences: Tensor? = nil, statistics: Tensor? = nil,
        elementScores: (() throws -> Tensor)? = nil
    ) {
        (self.losses, self.scores, self.confidences, self.statistics) = (losses, scores, confidences, statistics)
        self.elementScores = elementScores
    }
}

/// Metrics as totals and weights, to be averaged at the end.
public struct Tally: Sendable, Equatable {
    private(set) var entries: [String: SIMD2<Double>] = [:]

    public init() {}

    public mutating func add(_ total: Double, weight: Double, to metric: String) {
        entries[metric, default: .zero] += SIMD2(total, weight)
    }

    public mutating func add(_ other: Tally) {
        for (metric, entry) in other.entries { entries[metric, default: .zero] += entry }
    }

    public var means: [String: Double] { entries.mapValues { $0.x / $0.y } }
}
