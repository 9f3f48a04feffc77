import Datasets
import Foundation
import Models
import NN
import Teaching
import Torch

/// A pre-trained encoder that learns to tell how far every pixel is. It predicts the logarithm of depth, and its loss
/// is the mean error of that: being 10 % off costs the same at any distance. Pixels of depth 0, which no sensor has
/// measured, take no part.
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
        let (depth, known) = try depth(content)
        let errors = try (logDepth(content, isTraining) - depth.log()).abs() * known
        let losses = try errors.sum(1, 2, 3) / known.sum(1, 2, 3).clamped(min: 1)
        // A pixel's output is one number, the norm of whose error is the loss itself.
        return try Assessment(losses: losses, score: score) { try losses.detached() }
    }

    /// δ1 is the share of pixels less than a quarter off, up or down (Eigen et al., arXiv 1406.2283).
    public func evaluate(_ content: MultimodalBatch) throws -> Tally {
        try withoutGradients {
            let found = try logDepth(content, false)
            let (depth, known) = try depth(content)
            let errors = try (found - depth.log()).abs()
            var tally = Tally()
            let pixels = try known.sum().item()
            tally.add(try (errors * known).sum().item(), weight: pixels, to: "val/loss")
            tally.add(
                try (errors.less(log(1.25)).to(.float32) * known).sum().item(), weight: pixels, to: "val/delta1")
            tally.add(
                try ((found.exp() - depth).square() * known).sum().item(), weight: pixels, to: Self.squaredError)
            return tally
        }
    }

    private static let squaredError = "val/mse"

    public func metrics(of tally: Tally) -> [String: Double] {
        var metrics = tally.means
        metrics["val/rmse"] = metrics.removeValue(forKey: Self.squaredError)?.squareRoot()
        return metrics
    }

    /// - Returns: depth, 1 where it is unknown, and 1 where it is known, 0 elsewhere; both [B, 1, H, W].
    private func depth(_ content: MultimodalBatch) throws(TorchError) -> (depth: Tensor, known: Tensor) {
        let area = content.size.height * content.size.width
        let measured = content.metricDepth
        // Standardising and back leaves a 0 within rounding of the image's mean.
        let known = measured.indices.map { measured[$0] > 1e-5 * content.depthScales[$0 / area].mean }
        let depth = zip(measured, known).map { $1 ? $0 : 1 }
        let shape = [content.count, 1, content.size.height, content.size.width]
        return (
            try Tensor(depth, shape: shape, device: device),
            try Tensor(known.map { $0 ? 1 : 0 } as [Float], shape: shape, device: device)
        )
    }

    func logDepth(_ content: MultimodalBatch, _ isTraining: Bool) throws -> Tensor {
        let images = try ModalityImages(content, model.encoder.configuration, device)
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            try model.logDepth(images, isTraining: isTraining).to(.float32)
        }
    }
}
