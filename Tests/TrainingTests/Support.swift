import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Teaching
import Torch

@testable import Training

/// Noisy images of two kinds, eight by eight: bright on the left or on the right.
func tinyImages(count: Int, seed: UInt64) throws -> ImageDataset {
    let random = CounterRandom(seed: seed)
    var pixels: [UInt8] = []
    for image in 0..<count {
        for place in 0..<64 {
            let isBright = (place % 8 < 4) == (image % 2 == 0)
            let noise = random.uniform(at: UInt64(image * 64 + place))
            pixels.append(UInt8((isBright ? 90 : 0) + 160 * noise))
        }
    }
    return try ImageDataset(
        source: "tiny", pixels: pixels, labels: (0..<count).map { Int64($0 % 2) }, classNames: ["left", "right"],
        channels: 1, size: ImageSize(height: 8, width: 8)
    ).augmented(by: Augmentation(cropPadding: 1, flip: false))
}

/// Without dropout: it draws from the one generator of the process, which tests beside this one use too.
func tinyRecipe(
    _ policy: Policy = .standard, epochs: Int = 4, budget: Double? = nil, dropout: Double = 0
) -> Recipe {
    var model = ViT.Configuration()
    model.imageSize = 8
    model.patchSize = 2
    model.channelCount = 1
    model.classCount = 2
    model.hiddenSize = 16
    model.layerCount = 1
    model.headCount = 2
    model.intermediateSize = 32
    model.dropout = dropout
    var training = TrainingSettings(epochs: epochs)
    training.budget = budget
    training.batchSize = 8
    training.precision = .fp32
    training.threads = 1
    var evaluation = EvaluationSettings()
    evaluation.count = 3
    return Recipe(
        name: "tiny", data: .images(ImageData(kind: .digits, path: "")), model: .vit(model), training: training,
        evaluation: evaluation, checkpoints: CheckpointSettings(), teacher: policy)
}

/// Collects a run's events.
final class Recorder {
    private(set) var events: [TrainingEvent] = []
    func observe(_ event: TrainingEvent) { events.append(event) }

    var steps: [StepSummary] {
        events.compactMap { if case .stepped(let step) = $0 { step } else { nil } }
    }
    var rejections: [RejectionSummary] {
        events.compactMap { if case .rejected(let rejection) = $0 { rejection } else { nil } }
    }
    var evaluations: [EvaluationSummary] {
        events.compactMap { if case .evaluated(let evaluation) = $0 { evaluation } else { nil } }
    }
}

struct TinyRun {
    let recipe: Recipe
    let training: ImageDataset
    let validation: ImageDataset

    init(_ recipe: Recipe, count: Int = 48, augmentation: Augmentation? = nil) throws {
        self.recipe = recipe
        Engine.threadCount = 1
        let images = try tinyImages(count: count, seed: 1)
        training = try augmentation.map(images.augmented) ?? images
        validation = try tinyImages(count: 16, seed: 2)
    }

    func learner() throws -> ImageClassifier {
        guard case .vit(var model) = recipe.model else { preconditionFailure("the tiny recipe is a ViT's") }
        model.dropPath = recipe.training.dropPath
        return try ImageClassifier(ParameterBuilder(seed: recipe.training.seed), model)
    }

    func trainer(
        folder: RunFolder? = nil, emit: @escaping (TrainingEvent) throws -> Void = { _ in }
    ) throws -> Trainer<ImageClassifier, ImageDataset> {
        try Trainer(
            recipe: recipe, learner: learner(), training: training, validation: validation, folder: folder, emit: emit)
    }
}
