import Checkpoints
import Teaching
import Torch

/// A recipe with its data at hand, from which runs are made.
public protocol Experiment: Sendable {
    var recipe: Recipe { get }
    /// Training examples, numbered `0..<exampleCount`.
    var exampleCount: Int { get }
    /// That of the training data, by which ranks with different data are refused.
    var fingerprint: UInt64 { get }
    /// What is wrong with each file that was left out, one sentence each that names it.
    var skipped: [String] { get }

    /// The same data under another recipe, which differs in its teacher or training settings.
    func with(_ recipe: Recipe) -> Self

    /// Trains until the budget is spent or `stop` is raised.
    ///
    /// - Parameters:
    ///   - folder: where checkpoints go; none are written where nil.
    ///   - checkpoint: where to go on from; nil for fresh weights.
    ///   - ranks: with whom to train; every rank calls this, and one of them has a folder.
    func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, among ranks: Ranks, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary

    /// The quality of a checkpoint on the held-out data.
    func evaluate(_ checkpoint: CheckpointFolder) throws -> [String: Double]

    /// Pictures of what a checkpoint's learner makes of the examples that its teacher picks most and least, `count` of
    /// each.
    func inspect(_ checkpoint: CheckpointFolder, count: Int) throws -> Inspection
}

extension Experiment {
    /// In one process.
    public func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary {
        try train(in: folder, from: checkpoint, among: .alone, until: stop, emit: emit)
    }

    public var skipped: [String] { [] }

    public func inspect(_ checkpoint: CheckpointFolder, count: Int) throws -> Inspection {
        throw TrainingError.mismatch(
            what: "model.kind", found: recipe.model.kind.rawValue, expected: "one of images, for a picture")
    }
}

extension Recipe {
    /// Loads the data, checks that the model fits it and sets libtorch up.
    ///
    /// - Parameter device: in place of the recipe's own.
    public func experiment(on device: Device? = nil) throws -> any Experiment {
        var recipe = self
        if let device { (recipe.training.device, recipe.training.rankDevice) = ("\(device)", nil) }
        // Settled here, so that a resumed run and all runs of a comparison compute alike.
        recipe.training.precision = try recipe.setUpEngine()
        recipe.training.scoringPrecision = try training.scoringPrecision?.resolved(
            on: recipe.training.place, width: model.width)
        switch (data, model) {
        case (.images(let data), .vit(let model)): return try ImageClassification(recipe, data, model)
        case (.scenes(let data), .multimae(let model)):
            let (training, validation) = try data.load()
            return try recipe.experiment(model, on: training, validation, ignoring: nil)
        case (.multimodal(let data), .multimae(let model)):
            let (training, validation) = try data.load()
            return try recipe.experiment(model, on: training, validation, ignoring: data.ignoredClass)
        case (.text(let data), .language(let model)): return try LanguageModeling(recipe, data, model)
        case (.wordProblems(let data), .language(let model)): return try LanguageModeling(recipe, data, model)
        default:
            throw TrainingError.mismatch(
                what: "model.kind", found: model.kind.rawValue,
                expected: "one that learns from data of the kind \(data.kind)")
        }
    }

    private func setUpEngine() throws -> Precision {
        let device = try training.place.required(by: "training.device")
        Engine.keepFreedMemory()
        if let threads = training.threads { Engine.threadCount = threads }
        return try training.precision.resolved(on: device, width: model.width)
    }
}

extension RunFolder {
    /// The newest checkpoint.
    public func newestCheckpoint() throws -> CheckpointFolder {
        guard let newest = CheckpointFolder.all(in: path).first else {
            throw TrainingError.notARun(path: path, reason: "it holds no checkpoint step-N")
        }
        return newest
    }

    /// The checkpoint of a step, or the newest.
    public func checkpoint(_ step: Int?) throws -> CheckpointFolder {
        let newest = try newestCheckpoint()
        guard let step else { return newest }
        let all = CheckpointFolder.all(in: path)
        guard let found = all.first(where: { $0.step == step }) else {
            let steps = all.map { "\($0.step)" }.reversed().joined(separator: ", ")
            throw TrainingError.notARun(
                path: path, reason: "it holds checkpoints of the steps \(steps), not of \(step)")
        }
        return found
    }
}
