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
        let logits = try logits(content, elements, isTraining)
        let losses = try targets.losses(logits, labelSmoothing: labelSmoothing)
        guard let score else { return Assessment(losses: losses) }
        return try withoutGradients {
            let probabilities = try logits.softmax(-1)
            let scores = try score == .residual ? targets.residuals(probabilities) : losses.detached()
            return Assessment(losses: losses, scores: scores, confidences: try targets.confidences(probabilities))
        }
    }

    public func evaluate(_ content: MultimodalBatch) throws -> Tally {
        try withoutGradients {
            try ClassTargets(content.labels, nil, device: device).tally(logits(content, nil, false))
        }
    }

    private func logits(
        _ content: MultimodalBatch, _ elements: ElementSubset?, _ isTraining: Bool
    ) throws -> Tensor {
        let images = try ModalityImages(content, model.encoder.configuration, device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.logits(images, visible: elements, isTraining: isTraining).to(.float32)
        }
    }
}
