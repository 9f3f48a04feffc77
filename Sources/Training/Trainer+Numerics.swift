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

    /// - Returns: the step of the checkpoint that the learner went back to.
    private func rollBack(_ culprits: [Int32], _ found: NonFiniteStep) throws -> Int {
        let checkpoint = try folder.flatMap { try CheckpointFolder.newestIntact(in: $0.path) { _ in } }
        guard let checkpoint else {
            throw TrainingError.diverged(
                step: position.step + 1, quantity: found.quantity, value: found.value, examples: culprits,
                advice: "there is no checkpoint yet to roll back to, so lower checkpoints.every_steps")
        }
        try restoreLearner(checkpoint)
        return checkpoint.step
    }

    /// The examples whose own loss, or else whose own gradient, is not finite; all of them where none is by itself.
    private func culprits(
        among examples: [Int32], _ found: NonFiniteStep, _ lesson: Lesson, from start: Int
    ) throws -> [Int32] {
        let losses: [Float] = try found.losses.flatMap { try $0.values() }
        let own = examples[ranks.share(of: examples.count)]
        var culprits = zip(own, losses).filter { !$0.1.isFinite }.map(\.0)
        // Of several ranks, whose backward passes wait for each other, each names those of its own that it knows.
        if culprits.isEmpty, ranks.rankCount == 1 {
            culprits = try examples.filter { example in
                let content = try training.collate([example], view: view(of: lesson))
                let (excerpt, elements) = try excerpt(content, of: [example], lesson, from: start)
                try learner.assess(excerpt, elements: elements, score: nil, isTraining: true).losses.mean().backward()
                return try !optimizer.discardGradients().isFinite
            }
        }
        return culprits.isEmpty ? examples : culprits
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
