import Datasets
import Models
import NN
import Teaching
import Torch

/// A pre-trained encoder that learns to tell what every pixel shows.
public struct SemanticSegmenter: Learner {
    public let model: MultiMAESegmenter
    public let parameters: Parameters
    let classNames: [String]
    /// The class that pixels of no known class have; −1 where there is none.
    let ignoredClass: Int
    let labelSmoothing: Double
    let device: Device
    let computeType: DType?

    public init(
        _ builder: ParameterBuilder, _ configuration: MultiMAE.Configuration, classNames: [String],
        ignoring ignored: String? = nil, labelSmoothing: Double = 0, computeType: DType? = nil
    ) throws {
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
            try MultiMAESegmenter(path, configuration, classCount: classNames.count)
        }
        (self.classNames, self.labelSmoothing) = (classNames, labelSmoothing)
        (device, self.computeType) = (builder.device, computeType)
        ignoredClass = ignored.flatMap(classNames.firstIndex) ?? -1
    }

    public var elementCount: Int { model.encoder.configuration.patchCount }

    /// A map without gaps wants neighbouring patches.
    public var elementForms: Set<ElementSchedule.Form> { [.reduced] }
    public var preferredElementForm: ElementSchedule.Form? { .reduced }

    public func reduced(_ content: MultimodalBatch, to count: Int) -> MultimodalBatch {
        content.windows(of: model.encoder.configuration, share: Double(count) / Double(elementCount))
    }

    public func assess(
        _ content: MultimodalBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let (labels, logits) = (try labels(content), try logits(content, isTraining))
        let known = try labels.notEqual(Double(ignoredClass)).to(.float32).sum(1, 2).clamped(min: 1)
        let losses = try logits.crossEntropy(
            labels, reduction: .none, ignoring: ignoredClass, labelSmoothing: labelSmoothing)
        return try Assessment(losses: losses.sum(1, 2) / known, score: score) {
            try residuals(logits.detached(), labels)
        }
    }

    /// The mean residual of each example's known pixels, [B], of those in a grid of about `gridSize` by `gridSize` alone:
    /// the norms of all cost a tenth of a step, and their mean says little more.
    func residuals(_ logits: Tensor, _ labels: Tensor) throws(TorchError) -> Tensor {
        let (height, width) = (labels.size(1), labels.size(2))
        let step = max(1, min(height, width) / Self.gridSize)
        let logits = try logits.sliced(2, 0..<height, step: step).sliced(3, 0..<width, step: step)
        let labels = try labels.sliced(1, 0..<height, step: step).sliced(2, 0..<width, step: step)
        let known = try labels.notEqual(Double(ignoredClass)).to(.float32).sum(1, 2).clamped(min: 1)
        return try logits.classResiduals(labels, ignoring: ignoredClass).sum(1, 2) / known
    }

    private static let gridSize = 32

    public func evaluate(_ content: MultimodalBatch) throws -> Tally {
        try withoutGradients {
            let (labels, logits) = (try labels(content), try logits(content, false))
            var tally = Tally()
            let known = try labels.notEqual(Double(ignoredClass))
            let pixels = try known.to(.float32).sum().item()
            let loss = try logits.crossEntropy(labels, reduction: .sum, ignoring: ignoredClass)
            tally.add(try loss.item(), weight: pixels, to: "val/loss")
            let found = try logits.argmax(1)
            tally.add(
                try found.equal(labels).and(known).to(.float32).sum().item(), weight: pixels, to: "val/pixel_accuracy")
            for (index, name) in classNames.enumerated() where index != ignoredClass {
                let (mine, right) = (try found.equal(Double(index)).and(known), try labels.equal(Double(index)))
                let common = try mine.and(right).to(.float32).sum().item()
                tally.add(common, weight: try mine.or(right).to(.float32).sum().item(), to: "val/iou_\(name)")
            }
            return tally
        }
    }

    /// Adds the mean over the classes of intersection over union, each over all pixels of the held-out images; classes
    /// that nowhere occur do not count.
    public func metrics(of tally: Tally) -> [String: Double] {
        var metrics = tally.means.filter { $0.value.isFinite }
        let shares = classNames.compactMap { metrics["val/iou_\($0)"] }
        metrics["val/miou"] = shares.reduce(0, +) / Double(shares.count)
        return metrics
    }

    private func labels(_ content: MultimodalBatch) throws(TorchError) -> Tensor {
        try Tensor(
            content.semantics, shape: [content.count, content.size.height, content.size.width], device: device)
    }

    func logits(_ content: MultimodalBatch, _ isTraining: Bool) throws -> Tensor {
        let images = try ModalityImages(content, model.encoder.configuration, device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.logits(images, isTraining: isTraining).to(.float32)
        }
    }
}
