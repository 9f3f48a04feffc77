import Datasets
import Models
import NN
import Teaching
import Torch

/// A masked autoencoder that learns to reconstruct what it was not shown.
///
/// Masks come with the batch, as seeds: a plain view always asks the same of an example, so its score is a function of
/// the learner alone. The elements of an example are its visible patches: a teacher that teaches some of them thins
/// what the encoder sees, and the rest joins what is to be reconstructed.
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
    public var state: [Parameters.Entry] { taskWeights.state }

    public func assess(
        _ content: MultimodalBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let losses = try ordered(self.losses(content, elements, isTraining, classWeights))
        var assessment = try Assessment(losses: taskWeights.total(.stacked(losses)), score: score)
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
            let losses = try self.losses(content, nil, false, nil)
            var tally = Tally()
            let weight = Double(content.count)
            tally.add(try Tensor.stacked(ordered(losses)).sum().item(), weight: weight, to: "val/loss")
            for (modality, loss) in losses {
                tally.add(try loss.sum().item(), weight: weight, to: "val/loss_\(modality.rawValue)")
            }
            return tally
        }
    }

    /// Each modality's losses, [B].
    private func losses(
        _ content: MultimodalBatch, _ elements: ElementSubset?, _ isTraining: Bool, _ classWeights: Tensor?
    ) throws -> [Modality: Tensor] {
        let images = try ModalityImages(content, model.configuration.modalities, device)
        var visible = try sampler.visible(seeds: content.maskSeeds, device: device)
        if let elements { visible = ElementSubset(indices: try visible.indices.gathered(1, elements.indices)) }
        let found = try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.reconstructions(images, visible: visible, isTraining: isTraining)
        }
        return try model.losses(of: found, on: images, visible: visible, classWeights: classWeights)
    }

    /// In the modalities' order, so that sums are the same every time.
    private func ordered(_ losses: [Modality: Tensor]) -> [Tensor] {
        model.configuration.modalities.compactMap { losses[$0] }
    }
}

extension ModalityImages {
    /// The modalities of a batch that a learner wants.
    init(_ content: MultimodalBatch, _ modalities: [Modality], _ device: Device) throws(TorchError) {
        let (count, height, width) = (content.count, content.size.height, content.size.width)
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
    }
}

extension Assessment {
    /// That of a learner whose score is its loss; a reference's is taken off by the trainer.
    init(losses: Tensor, score: Policy.ScoreKind?) throws(TorchError) {
        guard score != nil else {
            self.init(losses: losses)
            return
        }
        self.init(losses: losses, scores: try losses.detached(), confidences: try losses.detached().zerosLike())
    }
}
