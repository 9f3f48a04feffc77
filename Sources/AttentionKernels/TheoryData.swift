import Datasets
import Foundation
import Models
import NN
import Torch

/// Labelled images of one size, whole in memory, for experiments of seconds.
public struct TheoryData: Sendable {
    /// Normalised by their own statistics, fp32 [N, C, H, W].
    public let images: Tensor
    public let labels: [Int64]
    public let classCount: Int

    /// - Throws: ``AntkError/setting(name:found:expected:)`` where images are not square.
    public init(_ dataset: ImageDataset) throws {
        guard dataset.size.height == dataset.size.width else {
            throw AntkError.setting(name: "the image size", found: "\(dataset.size)", expected: "a square")
        }
        let normalized = try dataset.normalized(by: dataset.measuredNormalization())
        let batch = try normalized.collate((0..<Int32(dataset.count)).map { $0 }, view: .plain)
        images = try Tensor(batch.pixels, shape: batch.shape)
        (labels, classCount) = (batch.labels, dataset.classNames.count)
    }

    /// scikit-learn's handwritten digits, from its file, in an order of which every prefix holds the classes evenly.
    public static func digits(_ file: String, limit: Int? = nil, seed: UInt64 = 0) throws -> TheoryData {
        let all = try DigitsCSV.load(file)
        return try TheoryData(limit.map { try all.limited(to: $0, seed: seed) } ?? all)
    }

    private init(images: Tensor, labels: [Int64], classCount: Int) {
        (self.images, self.labels, self.classCount) = (images, labels, classCount)
    }

    public var count: Int { labels.count }

    /// The examples of the given numbers.
    public func examples(_ numbers: [Int]) throws -> TheoryData {
        TheoryData(
            images: try images.selected(0, Tensor(numbers.map(Int64.init))), labels: numbers.map { labels[$0] },
            classCount: classCount)
    }

    /// Disjoint random parts of the given sizes.
    ///
    /// - Throws: ``AntkError/setting(name:found:expected:)`` where there are not so many examples.
    public func parts(_ sizes: [Int], seed: UInt64) throws -> [TheoryData] {
        let needed = sizes.reduce(0, +)
        guard needed <= count else {
            throw AntkError.setting(
                name: "the number of examples", found: "\(needed) in all parts", expected: "at most \(count)")
        }
        let order = try Generator(seed: seed).uniform([count]).sorted().indices.values(as: Int64.self).map(Int.init)
        var start = 0
        return try sizes.map { size in
            defer { start += size }
            return try examples(Array(order[start..<start + size]))
        }
    }

    /// One-hot classes [N, classes], in float64.
    func targets() throws -> Tensor { try Tensor(labels).oneHot(classes: classCount).to(.float64) }

    /// As ``ImageBatch``, for learners that take one.
    func batch(_ numbers: [Int]) throws -> ImageBatch {
        let part = try examples(numbers)
        return ImageBatch(
            pixels: try part.images.values(), labels: part.labels, channels: images.size(1),
            size: ImageSize(height: images.size(2), width: images.size(3)))
    }

    /// A vision transformer of 2 layers for these images.
    func configuration(width: Int, layers: Int = 2) throws -> ViT.Configuration {
        var configuration = ViT.Configuration()
        configuration.imageSize = images.size(2)
        configuration.patchSize = images.size(2) % 4 == 0 ? images.size(2) / 4 : 1
        configuration.channelCount = images.size(1)
        configuration.classCount = classCount
        (configuration.hiddenSize, configuration.intermediateSize) = (width, 2 * width)
        (configuration.layerCount, configuration.headCount) = (layers, width % 4 == 0 ? 4 : 1)
        // Variance of 0.4 over the inputs' number, whatever the width: the setting of the bundled recipe at its width.
        configuration.initializerRange = 0.64 / Double(width).squareRoot()
        configuration.pooling = .mean
        try configuration.validate()
        return configuration
    }

    func model(width: Int, dtype: DType, seed: UInt64, layers: Int = 2) throws -> (ViT, Parameters) {
        let configuration = try configuration(width: width, layers: layers)
        return try ParameterBuilder.build(ParameterBuilder(seed: seed, dtype: dtype)) { path throws(TorchError) in
            try ViT(path, configuration)
        }
    }
}
