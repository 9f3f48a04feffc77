import Teaching
import Torch

/// A step that the device is taking, or has taken: what it comes to is on its way to the host.
///
/// On CUDA the host only queues work. Were it to read a step's loss, norm and scores at once it would wait for the device,
/// which would then wait for the host; so they are read when the next step is queued.
struct UnreadStep {
    let examples: [Int32]
    let lesson: Lesson
    /// Those of the examples in the lesson.
    let places: Range<Int>
    let learningRate: Double
    /// The loss and the gradient's norm.
    let numbers: HostCopy
    /// One an example, where the lesson records them.
    let scores, confidences: HostCopy?
    /// [B, E], where elements are chosen by them.
    let elementScores: HostCopy?
    /// [B] a micro-batch.
    let losses: [Tensor]
}

extension Trainer {
    /// Whether outcomes may be read a step late: on a device that works by itself, where a step that is no number ends the run
    /// (so that no step has to be taken back) and no other rank waits for an answer.
    func readsLater(in lesson: Lesson) -> Bool {
        let isWanted = forcesLateReading || recipe.training.place.isAsynchronous
        // Who admits examples by their scores needs these at once.
        return isWanted && ranks.rankCount == 1 && !lesson.needsAdmission && recipe.training.nonFinite == .stop
    }

    /// Queues the update by a share's gradients and reads what the step before came to.
    ///
    /// - Parameter places: those of the examples in the lesson.
    func update(
        by share: Share, on examples: [Int32], _ lesson: Lesson, _ places: Range<Int>, learningRate: Double
    ) throws {
        let norm = try clock.measure(.optimizer) { () throws(TorchError) in
            let largestNorm = recipe.training.gradientClipping
            return try optimizer.clippedNorm(to: largestNorm > 0 ? largestNorm : nil)
        }
        let losses = try Tensor.stacked(share.losses).sum()
        func copy(_ parts: [Tensor]) throws -> HostCopy? { try parts.isEmpty ? nil : HostCopy(.concatenated(parts, 0)) }
        let step = UnreadStep(
            examples: examples, lesson: lesson, places: places, learningRate: learningRate,
            numbers: try HostCopy(.stacked([losses, norm.to(losses.dtype)])), scores: try copy(share.scores),
            confidences: try copy(share.confidences), elementScores: try copy(share.elementScores),
            losses: share.exampleLosses)
        // Before the update, so that a step that is no number is looked into with the weights it was taken with.
        try readStep()
        // The sum is finite where both are.
        let sum = try norm + losses
        try clock.measure(.optimizer) { try optimizer.update(learningRate: learningRate, unlessSpoilt: sum) }
        try adapt(to: share.statistics, of: examples.count)
        unread = step
    }

    /// Counts the step that is not counted yet, if there is one.
    func readStep() throws {
        guard let step = unread else { return }
        unread = nil
        let numbers = try step.numbers.values()
        let confidences = try step.confidences?.values() ?? []
        let outcome = BatchOutcome(
            loss: Double(numbers[0]), gradientNorm: Double(numbers[1]),
            scores: ExampleScores(
                scores: adjusted(try step.scores?.values() ?? [], step.examples),
                confidences: recipe.teacher.tracksConfidence ? confidences : nil),
            elementCodes: ElementTable.codes(of: try step.elementScores?.values() ?? []))
        guard outcome.loss.isFinite, outcome.gradientNorm.isFinite else {
            try optimizer.clearGradients()
            return try reject(
                step.examples, NonFiniteStep(outcome, losses: step.losses), step.lesson, from: step.places.lowerBound)
        }
        try finishStep(on: step.examples, outcome, step.lesson, step.places, learningRate: step.learningRate)
    }
}

extension Device {
    /// Whether operations return before they are done.
    var isAsynchronous: Bool { if case .cuda = self { true } else { false } }
}
