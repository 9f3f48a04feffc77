import Datasets
import Models
import NN
import Teaching
import Torch

@testable import Training

/// A learner to whom some examples are poison.
struct PoisonedLearner: Learner {
    enum Poison { case loss, gradient, memory }

    let base: ImageClassifier
    let poison: Poison
    /// The poisoned images' sums of pixels, by which they are told.
    let marks: Set<Float>

    var parameters: Parameters { base.parameters }
    var elementCount: Int { base.elementCount }

    func assess(
        _ content: ImageBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        var assessment = try base.assess(content, elements: elements, score: score, isTraining: isTraining)
        let isPoisoned = content.sums.map(marks.contains)
        guard isTraining, isPoisoned.contains(true) else { return assessment }
        switch poison {
        case .loss:
            let factors = try Tensor(isPoisoned.map { $0 ? Float.nan : 1 })
            assessment.losses = try assessment.losses * factors
            assessment.scores = try assessment.scores.map { try $0 * factors }
        case .gradient:
            // The root of 0 is 0, and its derivative there infinite.
            let shares = try Tensor(isPoisoned.map { $0 ? Float(1) : 0 })
            let zeros = try (assessment.losses - assessment.losses.detached()) * shares
            assessment.losses = try assessment.losses + (zeros + (1 - shares)).sqrt() - (1 - shares)
        case .memory: _ = try Tensor.zeros([1 << 50])
        }
        return assessment
    }

    func evaluate(_ content: ImageBatch) throws -> Tally { try base.evaluate(content) }
}

extension Tensor {
    fileprivate static func - (value: Double, x: Tensor) throws(TorchError) -> Tensor { try x * -1 + value }
}

extension ImageBatch {
    fileprivate var sums: [Float] {
        let size = pixels.count / labels.count
        return labels.indices.map { pixels[$0 * size..<($0 + 1) * size].reduce(0, +) }
    }
}

func poisonedTrainer(
    _ recipe: Recipe, _ poison: PoisonedLearner.Poison, examples: Set<Int32>, folder: RunFolder? = nil,
    among ranks: Ranks = .alone, recorder: Recorder = Recorder()
) throws -> Trainer<PoisonedLearner, ImageDataset> {
    try poisonedTrainer(recipe, poison, examples: examples, folder: folder, among: ranks, emit: recorder.observe)
}

/// A trainer of a learner to whom these examples are poison.
func poisonedTrainer(
    _ recipe: Recipe, _ poison: PoisonedLearner.Poison, examples: Set<Int32>, folder: RunFolder? = nil,
    among ranks: Ranks = .alone, emit: @escaping (TrainingEvent) throws -> Void
) throws -> Trainer<PoisonedLearner, ImageDataset> {
    let run = try TinyRun(recipe, augmentation: Augmentation(cropPadding: 0, flip: false))
    let marks = try run.training.collate(examples.sorted(), view: .plain).sums
    return try Trainer(
        recipe: recipe, learner: PoisonedLearner(base: run.learner(), poison: poison, marks: Set(marks)),
        training: run.training, validation: run.validation, folder: folder, ranks: ranks, emit: emit)
}
