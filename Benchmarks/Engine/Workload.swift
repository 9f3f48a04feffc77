import Datasets
import Models
import Torch

/// A model, its batch and what a pass over it costs.
struct Workload {
    let name: String
    let configuration: ViT.Configuration
    let batchSize: Int

    static let all = [
        Workload("vit-d96", width: 96, heads: 3, image: 32, patch: 4, batchSize: 64),
        Workload("vit-d192", width: 192, heads: 3, image: 40, patch: 4, batchSize: 32),
        Workload("vit-d384", width: 384, heads: 6, image: 112, patch: 8, batchSize: 8),
    ]

    private init(_ name: String, width: Int, heads: Int, image: Int, patch: Int, batchSize: Int) {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize) = (image, patch)
        (configuration.hiddenSize, configuration.headCount) = (width, heads)
        (configuration.intermediateSize, configuration.layerCount) = (4 * width, 6)
        (self.name, self.configuration, self.batchSize) = (name, configuration, batchSize)
    }

    /// Floating-point operations of a forward pass over a batch: two a weight and token, and attention's two products. A
    /// training step takes three times as many.
    var forwardOperations: Double {
        let c = configuration
        let (width, inner, tokens) = (Double(c.hiddenSize), Double(c.intermediateSize), Double(c.patchCount + 1))
        let weights = 4 * width * width + 2 * width * inner
        let layer = 2 * weights * tokens + 4 * tokens * tokens * width
        let patch = Double(c.channelCount * c.patchSize * c.patchSize)
        return Double(batchSize) * (Double(c.layerCount) * layer + 2 * patch * width * Double(c.patchCount))
    }

    /// Batches of noise with labels; no number of them is learned in the few steps of a benchmark.
    func batches(_ count: Int) throws(TorchError) -> [ImageBatch] {
        let generator = try Generator(seed: 7)
        let c = configuration
        var batches: [ImageBatch] = []
        for _ in 0..<count {
            let pixels = try generator.normal([batchSize, c.channelCount, c.imageSize, c.imageSize]).values(
                as: Float.self)
            let labels = try generator.uniform([batchSize], in: 0..<Double(c.classCount)).values(as: Float.self)
            batches.append(
                ImageBatch(
                    pixels: pixels, labels: labels.map(Int64.init), channels: c.channelCount,
                    size: ImageSize(height: c.imageSize, width: c.imageSize)))
        }
        return batches
    }
}
