import Checkpoints
import Datasets
import Models
import NN
import Torch

/// A vision transformer that learns to classify images.
public struct ImageClassification: Experiment {
    public let recipe: Recipe
    private let model: ViT.Configuration
    private let training: ImageDataset
    private let validation: ImageDataset

    init(_ recipe: Recipe, _ data: ImageData, _ model: ViT.Configuration) throws {
        var (training, validation) = try data.load()
        var augmentation = training.augmentation
        augmentation.mixup = recipe.training.mixup
        training = try training.augmented(by: augmentation)
        self.init(recipe: recipe, model: model, training: training, validation: validation)
        try checkModelFitsData()
    }

    private init(recipe: Recipe, model: ViT.Configuration, training: ImageDataset, validation: ImageDataset) {
        (self.recipe, self.model, self.training, self.validation) = (recipe, model, training, validation)
    }

    public var exampleCount: Int { training.count }
    public var fingerprint: UInt64 { training.fingerprint }
    public var skipped: [String] { (training.skipped + validation.skipped).map(\.description) }

    public func with(_ recipe: Recipe) -> ImageClassification {
        ImageClassification(recipe: recipe, model: model, training: training, validation: validation)
    }

    public func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, among ranks: Ranks, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary {
        let trainer = try trainer(in: folder, among: ranks, emit: emit)
        if let reference = recipe.reference {
            trainer.reference = try learner(RunFolder.open(reference).newestCheckpoint())
        }
        if let checkpoint { try trainer.restore(checkpoint) }
        return try trainer.run(until: stop)
    }

    public func evaluate(_ checkpoint: CheckpointFolder) throws -> [String: Double] {
        try evaluation(of: learner(checkpoint), on: validation, batchSize: recipe.evaluation.batchSize)
    }

    public func inspect(_ checkpoint: CheckpointFolder, count: Int) throws -> Inspection {
        let trainer = try trainer(in: nil) { _ in }
        try trainer.restore(checkpoint)
        return try trainer.inspection(count: count)
    }

    private func trainer(
        in folder: RunFolder?, among ranks: Ranks = .alone, emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> Trainer<ImageClassifier, ImageDataset> {
        let fresh = ParameterBuilder(seed: recipe.training.seed, device: recipe.training.place)
        let trainer = try Trainer(
            recipe: recipe, learner: learner(fresh), training: training, validation: validation, folder: folder,
            ranks: ranks, emit: emit)
        trainer.caption = { "class \(training.classNames[Int(training.labels[Int($0)])])" }
        return trainer
    }

    private func learner(_ checkpoint: CheckpointFolder) throws -> ImageClassifier {
        try checkpoint.verify()
        let weights = try SafetensorsFile(checkpoint.file("model.safetensors"))
        return try learner(ParameterBuilder(loading: weights, device: recipe.training.place))
    }

    private func learner(_ builder: ParameterBuilder) throws -> ImageClassifier {
        var model = model
        model.dropPath = recipe.training.dropPath
        return try ImageClassifier(
            builder, model, labelSmoothing: recipe.training.labelSmoothing,
            computeType: recipe.training.applyPrecision())
    }

    private func checkModelFitsData() throws(TrainingError) {
        let classCount = training.classNames.count
        guard model.classCount == classCount else {
            throw .mismatch(
                what: "model.num_labels", found: "\(model.classCount)",
                expected: "\(classCount), the classes of \(training.source)")
        }
        for data in [training, validation] {
            let checks = [
                ("model.num_channels", model.channelCount, data.channels, "channels"),
                ("model.image_size", model.imageSize, data.size.height, "pixels a side"),
                ("model.image_size", model.imageSize, data.size.width, "pixels a side"),
            ]
            for (key, found, expected, unit) in checks where found != expected {
                throw .mismatch(what: key, found: "\(found)", expected: "\(expected), the \(unit) of \(data.source)")
            }
        }
    }
}
