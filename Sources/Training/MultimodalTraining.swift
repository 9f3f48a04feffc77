import Checkpoints
import Datasets
import Models
import NN
import Teaching
import Torch

/// A learner of images in several modalities: a masked autoencoder, or an encoder being fine-tuned.
public struct MultimodalTraining<L: Learner>: Experiment where L.Content == MultimodalBatch {
    /// Makes the learner, drawing or loading its weights.
    typealias Maker = @Sendable (ParameterBuilder, Recipe) throws -> L

    public let recipe: Recipe
    private let training: MultimodalDataset
    private let validation: MultimodalDataset
    private let initFrom: String?
    private let make: Maker

    init(
        _ recipe: Recipe, training: MultimodalDataset, validation: MultimodalDataset, initFrom: String?,
        make: @escaping Maker
    ) {
        (self.recipe, self.training, self.validation) = (recipe, training, validation)
        (self.initFrom, self.make) = (initFrom, make)
    }

    public var exampleCount: Int { training.count }
    public var fingerprint: UInt64 { training.fingerprint }
    public var skipped: [String] { (training.skipped + validation.skipped).map(\.description) }

    public func with(_ recipe: Recipe) -> MultimodalTraining {
        MultimodalTraining(recipe, training: training, validation: validation, initFrom: initFrom, make: make)
    }

    public func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, among ranks: Ranks, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary {
        let trainer = try trainer(in: folder, among: ranks, emit: emit)
        if let initFrom, checkpoint == nil {
            try trainer.learner.parameters.takeEncoder(from: RunFolder.open(initFrom))
        }
        if let reference = recipe.reference {
            trainer.reference = try self.learner(RunFolder.open(reference).newestCheckpoint())
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
    ) throws -> Trainer<L, MultimodalDataset> {
        let builder = ParameterBuilder(seed: recipe.training.seed, device: recipe.training.place)
        let trainer = try Trainer(
            recipe: recipe, learner: make(builder, recipe), training: training, validation: validation,
            folder: folder, ranks: ranks, emit: emit)
        if !training.classNames.isEmpty {
            trainer.caption = { "class \(training.classNames[training[Int($0)].label])" }
        }
        return trainer
    }

    private func learner(_ checkpoint: CheckpointFolder) throws -> L {
        try checkpoint.verify()
        let weights = try SafetensorsFile(checkpoint.file("model.safetensors"))
        return try make(ParameterBuilder(loading: weights, device: recipe.training.place), recipe)
    }
}

extension Parameters {
    /// Overwrites the encoder's weights with those of a pre-training run's newest checkpoint.
    fileprivate func takeEncoder(from run: RunFolder) throws {
        let checkpoint = try run.newestCheckpoint()
        try checkpoint.verify()
        let file = try SafetensorsFile(checkpoint.file("model.safetensors"))
        var problems: [String] = []
        for entry in entries where entry.name.hasPrefix("multimae.") {
            if file.shape(of: entry.name) == entry.tensor.shape {
                try entry.tensor.copy(from: file.tensor(named: entry.name))
            } else {
                let found = file.shape(of: entry.name).map { "has the shape \($0)" } ?? "is missing"
                problems.append("\(entry.name) \(found) in \(file.path), expected the shape \(entry.tensor.shape)")
            }
        }
        guard problems.isEmpty else { throw ParameterError(problems: problems) }
    }
}

extension Recipe {
    /// The experiment of the model's task.
    ///
    /// - Parameter ignored: the class by which segmentation is neither taught nor judged.
    func experiment(
        _ model: MultiMAESettings, on training: MultimodalDataset, _ validation: MultimodalDataset,
        ignoring ignored: String?
    ) throws -> any Experiment {
        for part in [training, validation] { try check(model, fits: part) }
        var augmentation = training.augmentation
        augmentation.mixup = self.training.mixup
        let training = try training.augmented(by: augmentation)
        let network = model.network.droppingPaths(self.training.dropPath)
        func experiment<L: Learner>(_ make: @escaping MultimodalTraining<L>.Maker) -> MultimodalTraining<L> {
            MultimodalTraining(
                self, training: training, validation: validation, initFrom: model.initFrom, make: make)
        }
        switch model.task {
        case .reconstruction:
            let classWeights = model.balancing == .classWeight ? training.classWeights : nil
            return experiment { builder, recipe in
                try MaskedAutoencoder(
                    builder, network, model.freshTaskWeights(), classWeights: classWeights,
                    computeType: recipe.training.applyPrecision())
            }
        case .classification:
            return experiment { builder, recipe in
                try MultimodalClassifier(
                    builder, network, classCount: training.classNames.count,
                    labelSmoothing: recipe.training.labelSmoothing, computeType: recipe.training.applyPrecision())
            }
        case .segmentation:
            return experiment { builder, recipe in
                try SemanticSegmenter(
                    builder, network, classNames: training.semanticNames, ignoring: ignored,
                    labelSmoothing: recipe.training.labelSmoothing, computeType: recipe.training.applyPrecision())
            }
        case .depth:
            return experiment { builder, recipe in
                try DepthEstimator(builder, network, computeType: recipe.training.applyPrecision())
            }
        }
    }

    private func check(_ model: MultiMAESettings, fits data: MultimodalDataset) throws(TrainingError) {
        func require(_ holds: Bool, _ key: String, _ found: String, _ expected: String) throws(TrainingError) {
            guard holds else { throw .mismatch(what: key, found: found, expected: "\(expected) of \(data.source)") }
        }
        let network = model.network
        try require(
            network.imageSize == data.size.height && network.imageSize == data.size.width, "model.image_size",
            "\(network.imageSize)", "\(data.size.height), the pixels a side")
        let wanted = Set(network.modalities).union(model.answer.map { [$0] } ?? [])
        try require(data.hasDepth || !wanted.contains(.depth), "the depth that the model wants", "absent", "the depth")
        if wanted.contains(.semseg) {
            try require(
                network.semanticClassCount == data.semanticNames.count, "model.num_semantic_labels",
                "\(network.semanticClassCount)", "\(data.semanticNames.count), the classes of pixels")
        }
        try require(
            model.task != .classification || !data.classNames.isEmpty, "model.task", model.task.rawValue,
            "one other than that, for want of classes of the images")
        guard teacher.score != .ntk else {
            throw .mismatch(
                what: "teacher.score", found: teacher.score.rawValue,
                expected: "loss, residual or reducible for the model multimae")
        }
        guard teacher.score != .reducible || model.balancing != .gradnorm else {
            throw .mismatch(
                what: "model.balancing", found: model.balancing.rawValue,
                expected: "another with the score reducible, as the reference's losses would be weighted otherwise")
        }
        guard model.task == .classification || !teacher.tracksConfidence else {
            throw .mismatch(
                what: "teacher.selection.kind", found: "hide",
                expected: "another for the task \(model.task.rawValue), whose answers are not just right or wrong")
        }
    }
}

extension MultiMAE.Configuration {
    fileprivate func droppingPaths(_ share: Double) -> MultiMAE.Configuration {
        var copy = self
        copy.dropPath = share
        return copy
    }
}
