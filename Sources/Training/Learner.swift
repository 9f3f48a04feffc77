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

    /// The examples made smaller, to about `count` of their elements: images at a lower resolution, texts cut to their
    /// beginning.
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

    public init(losses: Tensor, scores: Tensor? = nil, confidences: Tensor? = nil, statistics: Tensor? = nil) {
        (self.losses, self.scores, self.confidences, self.statistics) = (losses, scores, confidences, statistics)
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

extension Recipe {
    /// The teacher's policy, with the form of a schedule of elements that suits the learner. Without that schedule where an
    /// example has but one: a part of it cannot be taught, and would count as cheaper than it is.
    ///
    /// - Throws: ``TrainingError/mismatch(what:found:expected:)`` where examples cannot be made smaller but should be.
    func policy(for learner: some Learner) throws(TrainingError) -> Policy {
        guard let elements = teacher.elements else { return teacher }
        let form = elements.form == .auto ? learner.preferredElementForm : elements.form
        guard form.map(learner.elementForms.contains) ?? true else {
            throw .mismatch(
                what: "teacher.elements.form", found: ElementSchedule.Form.reduced.rawValue,
                expected:
                    "subset for the model \(model.kind.rawValue), except a vision transformer or texts without packing")
        }
        var policy = teacher
        policy.elements = learner.elementCount > 1 ? form.map { elements.with($0) } : nil
        return policy
    }
}

extension ElementSchedule {
    fileprivate func with(_ form: Form) -> ElementSchedule {
        ElementSchedule(start: start, until: until, levels: levels, form: form)
    }
}
