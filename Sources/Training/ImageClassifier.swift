import Datasets
import Models
import NN
import Teaching
import Torch

/// A vision transformer that learns to classify images by cross-entropy.
public struct ImageClassifier: Learner {
    public let model: ViT
    public let parameters: Parameters
    let labelSmoothing: Double
    let device: Device
    /// The type of matrix products under autocast; nil for fp32.
    let computeType: DType?

    public init(
        _ builder: ParameterBuilder, _ configuration: ViT.Configuration, labelSmoothing: Double = 0,
        computeType: DType? = nil
    ) throws {
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
            try ViT(path, configuration)
        }
        (self.labelSmoothing, self.computeType, device) = (labelSmoothing, computeType, builder.device)
    }

    public var elementCount: Int { model.configuration.patchCount }

    public var elementForms: Set<ElementSchedule.Form> { [.subset, .reduced] }

    /// Square images of a whole number of patches a side.
    public func reduced(_ content: ImageBatch, to count: Int) throws -> ImageBatch {
        let pixels = max(1, Int(Double(count).squareRoot().rounded())) * model.configuration.patchSize
        guard pixels < content.size.height else { return content }
        let images = try Tensor(content.pixels, shape: content.shape).interpolated(height: pixels, width: pixels)
        return ImageBatch(
            pixels: try images.values(), labels: content.labels, channels: content.channels,
            size: ImageSize(height: pixels, width: pixels), mixing: content.mixing)
    }

    public func assess(
        _ content: ImageBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let targets = try ClassTargets(content.labels, content.mixing, device: device)
        let (features, logits) = try forward(content, elements, isTraining)
        let losses = try targets.losses(logits, labelSmoothing: labelSmoothing)
        guard let score else { return Assessment(losses: losses) }
        return try withoutGradients {
            let probabilities = try logits.softmax(-1)
            return Assessment(
                losses: losses, scores: try scores(score, losses, probabilities, features, targets),
                confidences: try targets.confidences(probabilities))
        }
    }

    public func evaluate(_ content: ImageBatch) throws -> Tally {
        try withoutGradients {
            try ClassTargets(content.labels, nil, device: device).tally(forward(content, nil, false).logits)
        }
    }

    /// - Returns: features [B, D] and fp32 logits [B, classes].
    private func forward(
        _ content: ImageBatch, _ elements: ElementSubset?, _ isTraining: Bool
    ) throws -> (features: Tensor, logits: Tensor) {
        let images = try Tensor(content.pixels, shape: content.shape, device: device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            let features = try model.features(images, elements: elements, isTraining: isTraining)
            return (features, try model.classifier(features).to(.float32))
        }
    }

    /// The scores of the design, one an example; `reducible` is a loss here, from which the trainer takes the reference's.
    private func scores(
        _ kind: Policy.ScoreKind, _ losses: Tensor, _ probabilities: Tensor, _ features: Tensor, _ targets: ClassTargets
    ) throws -> Tensor {
        switch kind {
        case .loss, .reducible: return try losses.detached()
        case .residual: return try targets.residuals(probabilities)
        case .ntk:
            // Logits are W h + b, so J Jᵀ over W and b is (‖h‖² + 1) times the identity.
            let gain = try features.to(.float32).square().sum(-1) + 1
            return try gain * targets.residuals(probabilities)
        }
    }
}
