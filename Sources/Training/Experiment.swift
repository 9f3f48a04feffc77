import Checkpoints
import Datasets
import NN
import Torch

/// A recipe with its data at hand, from which runs are made.
public struct Experiment: Sendable {
    public let recipe: Recipe
    public let training: ImageDataset
    public let validation: ImageDataset
    private let computeType: DType?

    /// Loads the data, checks that the model fits it and sets libtorch up.
    public init(_ recipe: Recipe) throws {
        let (training, validation) = try recipe.data.load()
        var recipe = recipe
        // Settled here, so that a resumed run and all runs of a comparison compute alike.
        recipe.training.precision = try Self.setUpEngine(recipe)
        self.init(recipe, training, validation, computeType: recipe.training.precision.apply())
        try checkModelFitsData()
    }

    private init(_ recipe: Recipe, _ training: ImageDataset, _ validation: ImageDataset, computeType: DType?) {
        (self.recipe, self.training, self.validation, self.computeType) = (recipe, training, validation, computeType)
    }

    /// The same data under another recipe, which differs in its teacher or training settings.
    public func with(_ recipe: Recipe) -> Experiment {
        Experiment(recipe, training, validation, computeType: computeType)
    }

    /// A learner with fresh weights, drawn from the recipe's seed.
    public func learner() throws -> ImageClassifier {
        try learner(ParameterBuilder(seed: recipe.training.seed, device: recipe.training.place))
    }

    /// A learner with the weights of a checkpoint.
    public func learner(from checkpoint: CheckpointFolder) throws -> ImageClassifier {
        try checkpoint.verify()
        let weights = try SafetensorsFile(checkpoint.file("model.safetensors"))
        return try learner(ParameterBuilder(loading: weights, device: recipe.training.place))
    }

    private func learner(_ builder: ParameterBuilder) throws -> ImageClassifier {
        try ImageClassifier(
            builder, recipe.model, labelSmoothing: recipe.training.labelSmoothing, computeType: computeType)
    }

    public func trainer(
        in folder: RunFolder?, emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> Trainer<ImageClassifier, ImageDataset> {
        let trainer = try Trainer(
            recipe: recipe, learner: learner(), training: training, validation: validation, folder: folder, emit: emit)
        if let reference = recipe.reference { trainer.reference = try learner(from: Self.newestCheckpoint(of: reference)) }
        return trainer
    }

    /// The newest checkpoint of a run folder.
    public static func newestCheckpoint(of path: String) throws -> CheckpointFolder {
        let folder = try RunFolder.open(path)
        guard let newest = CheckpointFolder.all(in: folder.path).first else {
            throw TrainingError.notARun(path: path, reason: "it holds no checkpoint step-N")
        }
        return newest
    }

    private static func setUpEngine(_ recipe: Recipe) throws -> Precision {
        let settings = recipe.training
        if case .cuda(let index) = settings.place, index >= Engine.cudaDeviceCount {
            throw TrainingError.mismatch(
                what: "training.device", found: settings.device,
                expected: "one of this machine's \(Engine.cudaDeviceCount) CUDA devices, or cpu")
        }
        if let threads = settings.threads { Engine.threadCount = threads }
        return try settings.precision.resolved(on: settings.place, width: recipe.model.hiddenSize)
    }

    private func checkModelFitsData() throws(TrainingError) {
        let model = recipe.model
        let checks = [
            ("model.num_labels", model.classCount, training.classNames.count, "classes"),
            ("model.num_channels", model.channelCount, training.channels, "channels"),
            ("model.image_size", model.imageSize, training.size.height, "pixels a side"),
            ("model.image_size", model.imageSize, training.size.width, "pixels a side"),
        ]
        for (key, found, expected, unit) in checks where found != expected {
            throw .mismatch(what: key, found: "\(found)", expected: "\(expected), the \(unit) of \(training.source)")
        }
    }
}
