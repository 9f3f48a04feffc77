import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

private let size = ImageSize(height: 16, width: 16)

private func network(_ modalities: [Modality] = Modality.allCases) -> MultiMAE.Configuration {
    var network = MultiMAE.Configuration()
    (network.modalities, network.imageSize, network.patchSize) = (modalities, 16, 4)
    (network.hiddenSize, network.layerCount, network.headCount, network.intermediateSize) = (16, 2, 2, 32)
    (network.decoderHiddenSize, network.decoderLayerCount, network.decoderHeadCount) = (8, 1, 2)
    (network.decoderIntermediateSize, network.semanticEmbeddingSize, network.visibleTokenCount) = (16, 4, 10)
    return network
}

private func scenes(_ count: Int = 12) throws -> MultimodalDataset {
    try Scenes.dataset(seed: 1, indices: 0..<count, size: size)
}

@Suite struct MaskedAutoencoderTests {
    private let learner: MaskedAutoencoder

    init() throws { learner = try MaskedAutoencoder(ParameterBuilder(seed: 1), network()) }

    private func scores(_ batch: MultimodalBatch) throws -> [Float] {
        let assessment = try withoutGradients {
            try learner.assess(batch, elements: nil, score: .loss, isTraining: false)
        }
        return try #require(try assessment.scores?.floats)
    }

    @Test("Two passes over an unchanged learner give the same scores, to the bit, however examples are batched")
    func repeatable() throws {
        let data = try scenes()
        let first = try scores(data.collate(Array(0..<12), view: .plain))
        #expect(try scores(data.collate(Array(0..<12), view: .plain)) == first)
        let parts =
            try scores(data.collate([0, 1, 2, 3, 4], view: .plain)) + scores(data.collate([5, 6], view: .plain))
        #expect(zip(parts, first).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(Set(first).count == 12)
    }

    @Test("Masks change with the visit while training, so the same example's loss does too")
    func visits() throws {
        let data = try scenes()
        let one = try scores(data.collate([3], view: .augmented(seed: 1, visit: 1)))
        #expect(try scores(data.collate([3], view: .augmented(seed: 1, visit: 1))) == one)
        #expect(try scores(data.collate([3], view: .augmented(seed: 1, visit: 2))) != one)
    }

    @Test("The score is the training loss, and both are the sum of the modalities' losses")
    func sum() throws {
        let batch = try scenes().collate(Array(0..<12), view: .plain)
        let assessment = try learner.assess(batch, elements: nil, score: .loss, isTraining: true)
        let losses = try assessment.losses.floats
        #expect(try assessment.scores?.floats == losses)
        #expect(!(assessment.scores?.requiresGradient ?? true))
        let metrics = learner.metrics(of: try learner.evaluate(batch))
        let parts = Modality.allCases.compactMap { metrics["val/loss_\($0.rawValue)"] }
        let mean = Double(losses.reduce(0, +)) / 12
        #expect(parts.count == 3 && (metrics["val/loss"] ?? 0).isNear(mean, 1e-5))
        #expect(parts.reduce(0, +).isNear(mean, 1e-5))
    }

    @Test(
        "The residual of a single masked patch of colour is the root of its loss, and no less than any mean of several")
    func residuals() throws {
        let batch = try scenes().collate(Array(0..<12), view: .plain)
        func assessment(visible: Int) throws -> (losses: [Float], scores: [Float]) {
            var network = network([.rgb])
            network.visibleTokenCount = visible
            let learner = try MaskedAutoencoder(ParameterBuilder(seed: 1), network)
            let assessment = try learner.assess(batch, elements: nil, score: .residual, isTraining: true)
            return (try assessment.losses.floats, try #require(try assessment.scores?.floats))
        }
        let one = try assessment(visible: 15)
        #expect(zip(one.losses, one.scores).allSatisfy { abs($0.squareRoot() - $1) < 1e-5 })
        let several = try assessment(visible: 4)
        #expect(zip(several.losses, several.scores).allSatisfy { $1 > 0 && $1 < $0.squareRoot() + 1e-5 })
    }

    @Test("Each task has residuals of its own, and they carry no graph")
    func taskResiduals() throws {
        let batch = try scenes().collate(Array(0..<12), view: .plain)
        func compare<L: Learner>(_ learner: L, _ relation: (Float, Float) -> Bool) throws
        where L.Content == MultimodalBatch {
            let assessment = try learner.assess(batch, elements: nil, score: .residual, isTraining: true)
            let scores = try #require(assessment.scores)
            #expect(!scores.requiresGradient && assessment.losses.requiresGradient)
            #expect(try zip(assessment.losses.floats, scores.floats).allSatisfy(relation))
        }
        let builder = { ParameterBuilder(seed: 1) }
        // 1 − p ≤ ‖p − e‖ ≤ √2 (1 − p), and −log p ≥ 1 − p.
        let classes: (Float, Float) -> Bool = { $1 > 0 && $1 < Float(2).squareRoot() && $1 <= 1.415 * $0 }
        try compare(MultimodalClassifier(builder(), network([.rgb]), classCount: 10), classes)
        try compare(SemanticSegmenter(builder(), network([.rgb]), classNames: Scenes.semanticNames), classes)
        try compare(DepthEstimator(builder(), network([.rgb]))) { $0 == $1 }
        try compare(learner) { $0 != $1 && $1 > 0 }
    }

    @Test("A subset of the elements thins what is visible; all of them change nothing")
    func elements() throws {
        let batch = try scenes().collate([0, 1], view: .plain)
        #expect(learner.elementCount == 10)
        func losses(_ indices: [Int64]) throws -> [Float] {
            let elements = ElementSubset(indices: try Tensor(indices, shape: [2, indices.count / 2]))
            return try learner.assess(batch, elements: elements, score: nil, isTraining: false).losses.floats
        }
        let all = try losses(Array(0..<10) + Array(0..<10))
        #expect(try learner.assess(batch, elements: nil, score: nil, isTraining: false).losses.floats == all)
        #expect(try losses([0, 1, 2, 3, 4, 5]) != all)
    }

    @Test("A few steps of training lower the loss", arguments: [Modality.allCases, [.rgb]])
    func learns(modalities: [Modality]) throws {
        let learner = try MaskedAutoencoder(ParameterBuilder(seed: 2), network(modalities))
        let optimizer = try AdamW(learner.parameters, .init())
        let data = try scenes()
        let plain = try data.collate(Array(0..<12), view: .plain)
        let before = try #require(learner.evaluate(plain).means["val/loss"])
        for visit in 0..<30 {
            let batch = try data.collate(Array(0..<12), view: .augmented(seed: 1, visit: visit))
            try learner.assess(batch, elements: nil, score: nil, isTraining: true).losses.mean().backward()
            _ = try optimizer.step(learningRate: 3e-3, clippingTo: 1)
        }
        #expect(try #require(learner.evaluate(plain).means["val/loss"]) < 0.8 * before)
    }
}

@Suite struct FineTuningTests {
    private func losses<L: Learner>(_ learner: L, steps: Int) throws -> (Double, [String: Double])
    where L.Content == MultimodalBatch {
        let batch = try scenes().collate(Array(0..<12), view: .plain)
        let optimizer = try AdamW(learner.parameters, .init())
        let before = try learner.assess(batch, elements: nil, score: nil, isTraining: false).losses.mean().item()
        for _ in 0..<steps {
            try learner.assess(batch, elements: nil, score: nil, isTraining: true).losses.mean().backward()
            _ = try optimizer.step(learningRate: 5e-3, clippingTo: 1)
        }
        for entry in learner.parameters.entries { #expect(try entry.tensor.isFinite().to(.float32).min().item() == 1) }
        return (before, learner.metrics(of: try learner.evaluate(batch)))
    }

    @Test("Each task's learner lowers its loss on a few scenes and reports its own metrics")
    func tasks() throws {
        let builder = { ParameterBuilder(seed: 1) }
        let (classes, classMetrics) = try losses(
            MultimodalClassifier(builder(), network([.rgb]), classCount: 10), steps: 60)
        #expect(try #require(classMetrics["val/loss"]) < 0.5 * classes)
        #expect(try #require(classMetrics["val/accuracy"]) > 0.6)
        let (pixels, pixelMetrics) = try losses(
            SemanticSegmenter(builder(), network([.rgb]), classNames: Scenes.semanticNames), steps: 30)
        #expect(try #require(pixelMetrics["val/loss"]) < 0.5 * pixels)
        #expect(try #require(pixelMetrics["val/miou"]) > 0.15)
        let (depth, depthMetrics) = try losses(DepthEstimator(builder(), network([.rgb])), steps: 30)
        #expect(try #require(depthMetrics["val/loss"]) < 0.5 * depth)
        #expect(try #require(depthMetrics["val/delta1"]) > 0.5 && depthMetrics["val/rmse"] != nil)
        #expect(depthMetrics["val/mse"] == nil)
    }

    @Test("Mean intersection over union is exact on counts, and leaves out classes that nowhere occur")
    func intersections() throws {
        let learner = try SemanticSegmenter(
            ParameterBuilder(seed: 1), network([.rgb]), classNames: Scenes.semanticNames)
        var tally = Tally()
        for (name, common, union) in [("floor", 3.0, 4.0), ("wall", 1, 4), ("cone", 0, 0)] {
            tally.add(common, weight: union, to: "val/iou_\(name)")
        }
        let metrics = learner.metrics(of: tally)
        #expect(metrics["val/miou"] == 0.5 && metrics["val/iou_floor"] == 0.75 && metrics["val/iou_cone"] == nil)
    }

    @Test("Pixels of an ignored class change neither losses nor metrics")
    func ignored() throws {
        let batch = try scenes().collate([0, 1, 2], view: .plain)
        func outcome(ignoring name: String?) throws -> ([Float], [String: Double]) {
            let learner = try SemanticSegmenter(
                ParameterBuilder(seed: 1), network([.rgb]), classNames: Scenes.semanticNames, ignoring: name)
            let losses = try learner.assess(batch, elements: nil, score: nil, isTraining: false).losses.floats
            return (losses, learner.metrics(of: try learner.evaluate(batch)))
        }
        let (some, all) = (try outcome(ignoring: "wall"), try outcome(ignoring: nil))
        #expect(some.0 != all.0 && some.1["val/iou_wall"] == nil && all.1["val/iou_wall"] != nil)
        // A mean over all known pixels is that of the images' means, each by its number of them.
        let counts = (0..<3).map { image in
            batch.semantics[image * 256..<(image + 1) * 256].filter { $0 != 1 }.count
        }
        let total = zip(some.0, counts).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(try #require(some.1["val/loss"]).isNear(total / Double(counts.reduce(0, +)), 1e-4))
    }

    @Test("Pixels whose depth nobody measured change neither losses nor metrics")
    func unknownDepth() throws {
        let learner = try DepthEstimator(ParameterBuilder(seed: 1), network([.rgb]))
        let scene = try scenes(1)[0]
        func outcome(_ depth: [Float]) throws -> (loss: Float, metrics: [String: Double]) {
            let image = MultimodalImage(rgb: scene.rgb, depth: depth)
            let batch = try MultimodalDataset(source: "one", images: [image], size: size).collate([0], view: .plain)
            let losses = try learner.assess(batch, elements: nil, score: nil, isTraining: true).losses.floats
            return (losses[0], learner.metrics(of: try learner.evaluate(batch)))
        }
        let depth = try #require(scene.depth)
        let holes = depth.indices.map { $0 % 3 == 0 ? 0 : depth[$0] }
        let found = try outcome(holes)
        // Each pixel alone, the others unknown, is what the mean is of.
        let known = depth.indices.filter { $0 % 3 != 0 }
        let half = try [known.prefix(known.count / 2), known.suffix(known.count - known.count / 2)].map { part in
            try outcome(depth.indices.map { part.contains($0) ? depth[$0] : 0 }).loss * Float(part.count)
        }
        #expect(abs(found.loss - half.reduce(0, +) / Float(known.count)) < 1e-4)
        #expect(try #require(found.metrics["val/loss"]).isNear(Double(found.loss), 1e-4))
        #expect(try #require(found.metrics["val/rmse"]).isFinite && found.metrics["val/delta1"] != nil)
        #expect(try outcome([Float](repeating: 0, count: 256)).loss == 0)
    }

    @Test("Depth metrics are exact for a learner that is off by a known factor")
    func depthMetrics() throws {
        let learner = try DepthEstimator(ParameterBuilder(seed: 1), network([.rgb]))
        for entry in learner.parameters.entries where entry.name.hasPrefix("depth_head.depth") {
            try entry.tensor.copy(from: entry.tensor.detached() * 0)
        }
        // The learner now says 1 everywhere.
        let batch = try scenes().collate([0, 1, 2], view: .plain)
        let depth = batch.metricDepth.map(Double.init)
        let metrics = learner.metrics(of: try learner.evaluate(batch))
        let expected = (depth.reduce(0) { $0 + ($1 - 1) * ($1 - 1) } / Double(depth.count)).squareRoot()
        #expect(try #require(metrics["val/rmse"]).isNear(expected, 1e-3))
        #expect(
            try #require(metrics["val/loss"]).isNear(depth.reduce(0) { $0 + abs(log($1)) } / Double(depth.count), 1e-4))
        #expect(metrics["val/delta1"] == Double(depth.filter { max($0, 1 / $0) < 1.25 }.count) / Double(depth.count))
    }
}
