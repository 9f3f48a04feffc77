import Datasets
import Models
import NN
import Teaching
import Torch

/// A pre-trained encoder that learns to tell what kind of image it is given.
public struct MultimodalClassifier: Learner {
    public let model: MultiMAEClassifier
    public let parameters: Parameters
    let labelSmoothing: Double
    let device: Device
    let computeType: DType?

    public init(
        _ builder: ParameterBuilder, _ configuration: MultiMAE.Configuration, classCount: Int,
        labelSmoothing: Double = 0,
        computeType: DType? = nil
    ) throws {
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
            try MultiMAEClassifier(path, configuration, classCount: classCount)
        }
        (self.labelSmoothing, device, self.computeType) = (labelSmoothing, builder.device, computeType)
    }

    public var elementCount: Int { model.encoder.configuration.tokenCount }

    public func assess(
        _ content: MultimodalBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let targets = try ClassTargets(content.labels, content.mixing, device: device)
        return try Assessment(
            losses: targets.losses(logits(content, elements, isTraining), labelSmoothing: labelSmoothing), score: score)
    }

    public func evaluate(_ content: MultimodalBatch) throws -> Tally {
        try withoutGradients {
            try ClassTargets(content.labels, nil, device: device).tally(logits(content, nil, false))
        }
    }

    private func logits(
        _ content: MultimodalBatch, _ elements: ElementSubset?, _ isTraining: Bool
    ) throws -> Tensor {
        let images = try ModalityImages(content, model.encoder.configuration.modalities, device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.logits(images, visible: elements, isTraining: isTraining).to(.float32)
        }
    }
}
