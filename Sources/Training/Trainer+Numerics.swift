import Checkpoints
import Datasets
import Models
import NN
import Teaching
import Torch

/// What becomes of a step whose loss or gradient is not a number.
public enum NonFinitePolicy: String, Codable, Sendable, CaseIterable {
    /// The run ends and names the examples.
    case stop
    /// The step changes nothing; the run goes on with the next.
    case skip
    /// The learner and its optimiser go back to the newest intact checkpoint, and the run goes on with the next step: what
    /// was taught in between is skipped, as in Chowdhery et al., arXiv 2204.02311.
    case rollback
}

/// A step that was no number: of its loss or its gradient, and the micro-batches' losses that it came from.
struct NonFiniteStep {
    var quantity: String
    var value: Double
    /// One tensor a micro-batch, one loss an example.
    var losses: [Tensor]

    /// - Parameter losses: of this rank's share.
    init(_ outcome: BatchOutcome, losses: [Tensor]) {
        self.losses = losses
        (quantity, value) = outcome.loss.isFinite ? ("gradient", outcome.gradientNorm) : ("loss", outcome.loss)
    }
}

extension Trainer {
    /// More than this many in a row are no accident of a batch.
    private static var mostRejections: Int { 16 }

    /// Deals with a step that changed nothing yet as the recipe's policy says.
    func reject(_ examples: [Int32], _ found: NonFiniteStep, _ lesson: Lesson, from start: Int) throws {
        let culprits = try culprits(among: examples, found, lesson, from: start)
        rejections += 1
        let policy = recipe.training.nonFinite
        guard policy != .stop, rejections <= Self.mostRejections else {
            throw TrainingError.diverged(
                step: position.step + 1, quantity: found.quantity, value: found.value, examples: culprits,
                advice: policy == .stop
                    ? "lower training.learning_rate, look at these examples or set training.non_finite"
                    : "it is the \(rejections)th such step in a row, so lower training.learning_rate")
        }
        // Where all are to blame it is the weights', and says nothing of any example.
        if lesson.recordsScores, culprits.count < examples.count {
            teacher.record(
                Array(repeating: .nan, count: culprits.count), for: culprits,
                confidences: recipe.teacher.tracksConfidence ? Array(repeating: 0, count: culprits.count) : nil)
        }
        let learnerStep = policy == .rollback ? try rollBack(culprits, found) : position.step
        position.step += 1
        position.examplesTaught += examples.count
        try emit(
            .rejected(
                RejectionSummary(
                    step: position.step, quantity: found.quantity, examples: culprits.map(Int.init),
                    learnerStep: learnerStep)))
    }

    /// The rank with the folder reads the checkpoint, and the others get what it read. One that a stop made is passed over,
    /// or the run would end otherwise than if it had never been stopped.
    ///
    /// - Returns: the step of the checkpoint that the learner went back to.
    private func rollBack(_ culprits: [Int32], _ found: NonFiniteStep) throws -> Int {
        try finishCheckpoint()
        let step = try ranks.onFirst {
            let checkpoint = try folder.flatMap {
                try CheckpointFolder.newestIntact(in: $0.path, where: \.isScheduled) { _ in }
            }
            guard let checkpoint else {
                throw TrainingError.diverged(
                    step: position.step + 1, quantity: found.quantity, value: found.value, examples: culprits,
                    advice: "there is no checkpoint yet to roll back to, so lower checkpoints.every_steps")
            }
            try restoreLearner(checkpoint)
            return "\(checkpoint.step)"
        }
        try ranks.broadcast(
            (learner.parameters.trainable.entries + optimizer.state + learner.state).map(\.tensor))
        return Int(step) ?? 0
    }

    /// The examples whose own loss, or else whose own gradient, is not finite; all of them where none is by itself. Each
    /// rank looks at its share, and all know all.
    private func culprits(
        among examples: [Int32], _ found: NonFiniteStep, _ lesson: Lesson, from start: Int
    ) throws -> [Int32] {
        let losses: [Float] = try found.losses.flatMap { try $0.values() }
        let own = examples[ranks.share(of: examples.count)]
        let byLoss = try ranks.gathered(zip(own, losses).filter { !$0.1.isFinite }.map(\.0)).flatMap { $0 }
        guard byLoss.isEmpty else { return byLoss }
        // Backward passes that the reducer was not told of stay on their rank.
        let ownByGradient = try own.filter { example in
            let content = try training.collate([example], view: view(of: lesson))
            let (excerpt, elements) = try excerpt(content, of: [example], lesson, from: start)
            try learner.assess(excerpt, elements: elements, score: nil, isTraining: true).losses.mean().backward()
            let norm = try optimizer.clipGradients(to: nil)
            try optimizer.clearGradients()
            return !norm.isFinite
        }
        let byGradient = try ranks.gathered(ownByGradient).flatMap { $0 }
        return byGradient.isEmpty ? examples : byGradient
    }

    /// Says of a lack of memory where it struck and what to lower.
    func reportingMemory<Result>(
        _ what: @autoclosure () -> String, lower advice: String, _ body: () throws -> Result
    ) throws -> Result {
        do { return try body() } catch let error as TorchError where error.kind == .outOfMemory {
            throw TrainingError.outOfMemory(
                step: position.step + 1, what: what(), advice: advice, reason: "\(error.operation)\(error.shapes)")
        }
    }

    /// A batch as a lack of memory names it.
    func batchDescription(_ examples: [Int32]) -> String {
        let size = microBatches(of: examples.count).first?.count ?? 0
        return "a batch of \(examples.count) examples, \(size) at a time: \(TrainingError.listing(examples))"
    }

    /// What lowers the memory that a step takes.
    var memoryAdvice: String {
        guard case .language = recipe.model, !recipe.training.activationCheckpointing else {
            return "training.micro_batch_size or training.batch_size"
        }
        return "training.micro_batch_size or data.context, or set training.activation_checkpointing"
    }
}
