import Datasets
import Models
import NN
import Teaching
import Torch

/// A masked autoencoder that learns to reconstruct what it was not shown.
///
/// Masks come with the batch, as seeds: a plain view always asks the same of an example, so its score is a function of
/// the learner alone. The elements of an example are its visible patches: a teacher that teaches a subset of them thins
/// what the encoder sees, and the rest joins what is to be reconstructed; one that makes examples smaller teaches windows of
/// the images, with their share of visible patches.
public struct MaskedAutoencoder: Learner {
    public let model: MultiMAE
    public let parameters: Parameters
    let sampler: MaskSampler
    private let taskWeights: TaskWeights
    /// What a pixel's class counts, [C]; all alike where nil.
    private let classWeights: Tensor?
    let device: Device
    /// The type of matrix products under autocast; nil for fp32.
    let computeType: DType?

    public init(
        _ builder: ParameterBuilder, _ configuration: MultiMAE.Configuration, computeType: DType? = nil
    ) throws {
        try self.init(builder, configuration, .equal, classWeights: nil, computeType: computeType)
    }

    /// - Parameter classWeights: how much each class of pixels counts in the labels' loss, 1 on average; all alike where
    ///   nil. Neither these nor the tasks' weights change what evaluation measures.
    init(
        _ builder: ParameterBuilder, _ configuration: MultiMAE.Configuration, _ taskWeights: TaskWeights,
        classWeights: [Float]?, computeType: DType? = nil
    ) throws {
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
            try MultiMAE(path, configuration)
        }
        self.taskWeights = taskWeights
        self.classWeights = try classWeights.map { try Tensor($0, device: builder.device) }
        (sampler, device, self.computeType) = (MaskSampler(configuration), builder.device, computeType)
    }

    public var elementCount: Int { sampler.visibleCount }

    /// Fewer of the visible patches, or windows of the images, of which as large a share is visible.
    public var elementForms: Set<ElementSchedule.Form> { [.subset, .reduced] }
    /// Fewer visible patches make the encoder alone cheaper, windows all of a step.
    public var preferredElementForm: ElementSchedule.Form? { .reduced }

    public func reduced(_ content: MultimodalBatch, to count: Int) -> MultimodalBatch {
        // A window of one patch leaves nothing to reconstruct.
        let least = 4 / Double(model.configuration.patchCount)
        return content.windows(of: model.configuration, share: max(least, Double(count) / Double(elementCount)))
    }

    public var state: [Parameters.Entry] { taskWeights.state }

    public func assess(
        _ content: MultimodalBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let attempt = try reconstruct(content, elements, isTraining)
        let losses = try ordered(self.losses(attempt, classWeights))
        let total = try taskWeights.total(.stacked(losses))
        var assessment = try Assessment(losses: total, score: score) {
            let found = try attempt.found.mapValues { tensor throws(TorchError) in try tensor.detached() }
            let residuals = try model.residuals(of: found, on: attempt.images, visible: attempt.visible)
            return try taskWeights.total(.stacked(ordered(residuals)))
        }
        if isTraining, case .learned(let gradNorm) = taskWeights {
            assessment.statistics = try gradNorm.statistics(losses, shared: model.encoder.lastSharedWeight)
        }
        return assessment
    }

    public func freshStatistics() throws -> Tensor? {
        guard case .learned(let gradNorm) = taskWeights else { return nil }
        return try gradNorm.freshStatistics(shared: model.encoder.lastSharedWeight)
    }

    public func adapt(to statistics: Tensor) throws {
        if case .learned(let gradNorm) = taskWeights { try gradNorm.update(statistics) }
    }

    public func evaluate(_ content: MultimodalBatch) throws -> Tally {
        try withoutGradients {
            let losses = try self.losses(reconstruct(content, nil, false), nil)
            var tally = Tally()
            let weight = Double(content.count)
            tally.add(try Tensor.stacked(ordered(losses)).sum().item(), weight: weight, to: "val/loss")
            for (modality, loss) in losses {
                tally.add(try loss.sum().item(), weight: weight, to: "val/loss_\(modality.rawValue)")
            }
            return tally
        }
    }

    /// What the learner saw and what it made of it.
    private struct Attempt {
        let images: ModalityImages
        let visible: ElementSubset
        let found: [Modality: Tensor]
    }

    private func reconstruct(
        _ content: MultimodalBatch, _ elements: ElementSubset?, _ isTraining: Bool
    ) throws -> Attempt {
        let images = try ModalityImages(content, model.configuration, device)
        let sampler = images.places.map { self.sampler.forWindows(ofPatches: $0.indices.size(1)) } ?? self.sampler
        var visible = try sampler.visible(seeds: content.maskSeeds, device: device)
        if let elements { visible = ElementSubset(indices: try visible.indices.gathered(1, elements.indices)) }
        let found = try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.reconstructions(images, visible: visible, isTraining: isTraining)
        }
        return Attempt(images: images, visible: visible, found: found)
    }

    /// Each modality's losses, [B].
    private func losses(_ attempt: Attempt, _ classWeights: Tensor?) throws(TorchError) -> [Modality: Tensor] {
        try model.losses(of: attempt.found, on: attempt.images, visible: attempt.visible, classWeights: classWeights)
    }

    /// In the modalities' order, so that sums are the same every time.
    private func ordered(_ values: [Modality: Tensor]) -> [Tensor] {
        model.configuration.modalities.compactMap { values[$0] }
    }
}

extension ModalityImages {
    /// The modalities of a batch that a learner wants, and where they are in whole images.
    init(_ content: MultimodalBatch, _ configuration: MultiMAE.Configuration, _ device: Device) throws(TorchError) {
        let (count, height, width) = (content.count, content.size.height, content.size.width)
        let modalities = configuration.modalities
        self.init()
        if modalities.contains(.rgb) {
            rgb = try Tensor(content.rgb, shape: [count, 3, height, width], device: device)
        }
        if modalities.contains(.depth) {
            depth = try Tensor(content.depth, shape: [count, 1, height, width], device: device)
        }
        if modalities.contains(.semseg) {
            semantics = try Tensor(content.semantics, shape: [count, height, width], device: device)
        }
        places = try content.places(in: configuration, device)
    }
}

extension Assessment {
    /// That of a learner without classes to be confident of, whose score is its loss or `residuals`, [B]; a reference's
    /// loss is taken off by the trainer.
    init(losses: Tensor, score: Policy.ScoreKind?, residuals: () throws -> Tensor) throws {
        guard let score else {
            self.init(losses: losses)
            return
        }
        let scores = try score == .residual ? withoutGradients(residuals) : losses.detached()
        self.init(losses: losses, scores: scores, confidences: try losses.detached().zerosLike())
    }
}
