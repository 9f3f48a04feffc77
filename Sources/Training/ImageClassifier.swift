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

    public var elementChoices: Set<ElementSchedule.Choice> { [.uniform, .attention] }

    public var preferredElementChoice: ElementSchedule.Choice { .attention }

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
        let (reading, logits) = try forward(content, elements, isTraining)
        let losses = try targets.losses(logits, labelSmoothing: labelSmoothing)
        let elementScores = elements.map { shown in { try shares(of: reading, shown) } }
        guard let score else { return Assessment(losses: losses, elementScores: elementScores) }
        return try withoutGradients {
            let probabilities = try logits.softmax(-1)
            return Assessment(
                losses: losses, scores: try scores(score, losses, probabilities, reading.features, targets),
                confidences: try targets.confidences(probabilities), elementScores: elementScores)
        }
    }

    /// How much attention depends on each patch over what it does on average, [B, elementCount]; −1 for patches not shown.
    private func shares(of reading: ViT.Reading, _ shown: ElementSubset) throws -> Tensor {
        try withoutGradients {
            let importance = try model.importance(of: reading)
            let shares = try importance / importance.mean(1, keepDimensions: true)
            return try Tensor.full([shares.size(0), elementCount], -1, device: device)
                .scattered(1, shown.indices, shares)
        }
    }

    public func evaluate(_ content: ImageBatch) throws -> Tally {
        try withoutGradients {
            try ClassTargets(content.labels, nil, device: device).tally(forward(content, nil, false).logits)
        }
    }

    /// - Returns: fp32 logits [B, classes] and what they were made of.
    private func forward(
        _ content: ImageBatch, _ elements: ElementSubset?, _ isTraining: Bool
    ) throws -> (reading: ViT.Reading, logits: Tensor) {
        let images = try Tensor(content.pixels, shape: content.shape, device: device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            let reading = try model.reading(images, elements: elements, isTraining: isTraining)
            return (reading, try model.classifier(reading.features).to(.float32))
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
