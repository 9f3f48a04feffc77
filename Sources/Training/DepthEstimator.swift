import Datasets
import Foundation
import Models
import NN
import Teaching
import Torch

/// A pre-trained encoder that learns to tell how far every pixel is. It predicts the logarithm of depth, and its loss
/// is the mean error of that: being 10 % off costs the same at any distance.
public struct DepthEstimator: Learner {
    public let model: MultiMAEDepthEstimator
    public let parameters: Parameters
    let device: Device
    let computeType: DType?

    public init(
        _ builder: ParameterBuilder, _ configuration: MultiMAE.Configuration, computeType: DType? = nil
    ) throws {
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
            try MultiMAEDepthEstimator(path, configuration)
        }
        (device, self.computeType) = (builder.device, computeType)
    }

    /// A map of the whole image wants the whole image.
    public var elementCount: Int { 1 }

    public func assess(
        _ content: MultimodalBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let errors = try logDepth(content, isTraining) - depth(content).log()
        return try Assessment(losses: errors.abs().mean(1, 2, 3), score: score)
    }

    /// δ1 is the share of pixels less than a quarter off, up or down (Eigen et al., arXiv 1406.2283).
    public func evaluate(_ content: MultimodalBatch) throws -> Tally {
        try withoutGradients {
            let (found, depth) = (try logDepth(content, false), try depth(content))
            let errors = try (found - depth.log()).abs()
            var tally = Tally()
            let pixels = Double(depth.count)
            tally.add(try errors.sum().item(), weight: pixels, to: "val/loss")
            tally.add(try errors.less(log(1.25)).to(.float32).sum().item(), weight: pixels, to: "val/delta1")
            tally.add(try (found.exp() - depth).square().sum().item(), weight: pixels, to: Self.squaredError)
            return tally
        }
    }

    private static let squaredError = "val/mse"

    public func metrics(of tally: Tally) -> [String: Double] {
        var metrics = tally.means
        metrics["val/rmse"] = metrics.removeValue(forKey: Self.squaredError)?.squareRoot()
        return metrics
    }

    private func depth(_ content: MultimodalBatch) throws(TorchError) -> Tensor {
        try Tensor(
            content.metricDepth, shape: [content.count, 1, content.size.height, content.size.width], device: device)
    }

    func logDepth(_ content: MultimodalBatch, _ isTraining: Bool) throws -> Tensor {
        let images = try ModalityImages(content, model.encoder.configuration.modalities, device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.logDepth(images, isTraining: isTraining).to(.float32)
        }
    }
}
