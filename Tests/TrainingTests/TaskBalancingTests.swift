import Datasets
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct TaskBalancingTests {
    private func recipe(_ overrides: [String] = []) throws -> Recipe {
        let small = [
            "data.count=24", "data.test_count=8", "data.image_size=16", "model.image_size=16", "model.hidden_size=16",
            "model.num_hidden_layers=2", "model.num_attention_heads=2", "model.intermediate_size=32",
            "model.num_visible_tokens=10", "model.decoder_hidden_size=8", "model.decoder_num_attention_heads=2",
            "model.decoder_intermediate_size=16", "training.epochs=2", "training.batch_size=4",
            "training.precision=fp32", "evaluation.count=1", "teacher=standard",
        ]
        return try Recipe(named: "scenes", overrides: small + overrides)
    }

    private func settings(_ recipe: Recipe) throws -> MultiMAESettings {
        guard case .multimae(let settings) = recipe.model else { throw TestFailure() }
        return settings
    }
    private struct TestFailure: Error {}

    private let data: MultimodalDataset
    private let batch: MultimodalBatch

    init() throws {
        data = try Scenes.dataset(seed: 1, indices: 0..<24, size: ImageSize(height: 16, width: 16))
        batch = try data.collate(Array(0..<8), view: .plain)
    }

    private func learner(_ weights: TaskWeights, classWeights: [Float]? = nil) throws -> MaskedAutoencoder {
        try MaskedAutoencoder(
            ParameterBuilder(seed: 1), settings(recipe()).network, weights, classWeights: classWeights)
    }

    /// Each modality's mean loss with its graph, in order.
    private func means(_ learner: MaskedAutoencoder) throws -> [Tensor] {
        let images = try ModalityImages(batch, MultiMAE.Configuration(), .cpu)
        let visible = try learner.sampler.visible(seeds: batch.maskSeeds)
        let losses = try learner.model.losses(
            of: learner.model.reconstructions(images, visible: visible), on: images, visible: visible)
        return try Modality.allCases.map { try #require(losses[$0]).mean() }
    }

    @Test("The slope of GradNorm's weights is that of the paper's loss by autograd", arguments: [0, 1.5])
    func slope(alpha: Double) throws {
        let (weights, norms) = ([0.8, 1.5, 0.7], [2.0, 0.5, 1.1])
        let (losses, initial) = ([0.3, 1.2, 0.9], [1.0, 1.5, 2.0])
        let found = GradNorm.slope(
            weights, gradientNorms: norms, losses: losses, initialLosses: initial, alpha: alpha)
        let w = try Tensor(weights).requiringGradient()
        let g = try w * Tensor(norms)
        let remaining = zip(losses, initial).map { $0 / $1 }
        let pace = remaining.map { pow($0 / (remaining.reduce(0, +) / 3), alpha) }
        let targets = try g.detached().mean() * Tensor(pace)
        try (g - targets).abs().sum().backward()
        let expected = try #require(try w.gradient()).doubles
        #expect(zip(found, expected).allSatisfy { $0.isNear($1, 1e-12) })
    }

    /// A step of Adam from fresh moments is the rate times the slope's sign; then the sum is brought back.
    private func stepped(_ weights: [Double], _ slope: [Double], rate: Double) -> [Double] {
        let moved = zip(weights, slope).map { $0 - rate * $1 / (abs($1) + 1e-8) }
        return moved.map { $0 * Double(moved.count) / moved.reduce(0, +) }
    }

    @Test("No task is given up, however fast it learns, and the weights always sum up to their number")
    func bounds() throws {
        let gradNorm = try GradNorm(taskCount: 2, alpha: 1, learningRate: 0.3)
        let shared = try Tensor.ones([4]).requiringGradient()
        for _ in 0..<40 {
            try gradNorm.update(gradNorm.statistics([shared * 100, shared], shared: shared))
            let weights = try gradNorm.weights.doubles
            #expect(weights.reduce(0, +).isNear(2, 1e-12) && weights.allSatisfy { $0 >= 0.009 })
        }
        // The gradients' norms are brought together.
        #expect(try gradNorm.weights.doubles[0] < 0.1)
    }

    @Test("A training step moves GradNorm's weights by the gradients in the last shared layer, a scoring pass does not")
    func update() throws {
        let gradNorm = try GradNorm(taskCount: 3, alpha: 1.5, learningRate: 0.025)
        let learner = try learner(.learned(gradNorm))
        let means = try means(learner)
        let shared = learner.model.encoder.lastSharedWeight
        let norms = try means.map { mean in
            for entry in learner.parameters.entries { try entry.tensor.setGradient(nil) }
            try mean.backward(retainGraph: true)
            return try #require(try shared.gradient()).norm().item()
        }
        for entry in learner.parameters.entries { try entry.tensor.setGradient(nil) }
        _ = try withoutGradients { try learner.assess(batch, elements: nil, score: .loss, isTraining: false) }
        #expect(try gradNorm.weights.doubles == [1, 1, 1] && gradNorm.initialLosses.doubles == [0, 0, 0])
        let assessment = try learner.assess(batch, elements: nil, score: .loss, isTraining: true)
        let statistics = try #require(assessment.statistics)
        let fresh = try learner.freshStatistics()
        #expect(fresh?.shape == statistics.shape)
        try learner.adapt(to: statistics / Double(batch.count))
        let losses = try means.map { try $0.item() }
        // The step itself is weighted by the weights before it.
        #expect(try assessment.losses.mean().item().isNear(losses.reduce(0, +), 1e-5))
        let slope = GradNorm.slope(
            [1, 1, 1], gradientNorms: norms, losses: losses, initialLosses: losses, alpha: 1.5)
        let expected = stepped([1, 1, 1], slope, rate: 0.025)
        #expect(zip(try gradNorm.weights.doubles, expected).allSatisfy { $0.isNear($1, 1e-6) })
        #expect(try gradNorm.weights.doubles != [1, 1, 1])
        #expect(zip(try gradNorm.initialLosses.doubles, losses).allSatisfy { $0.isNear($1, 1e-5) })
        // What follows is weighted, and scored alike; what is evaluated is not.
        let weighted = zip(losses, expected).map(*).reduce(0, +)
        let scores = try withoutGradients {
            try learner.assess(batch, elements: nil, score: .loss, isTraining: false)
        }.scores
        #expect(try #require(scores).mean().item().isNear(weighted, 1e-5))
        #expect(try #require(learner.evaluate(batch).means["val/loss"]).isNear(losses.reduce(0, +), 1e-5))
    }

    @Test("Fixed weights weigh each task's loss by a constant")
    func fixed() throws {
        let learner = try learner(.fixed([2, 0, 0.5]))
        let losses = try means(learner).map { try $0.item() }
        let found = try learner.assess(batch, elements: nil, score: nil, isTraining: true).losses.mean().item()
        #expect(found.isNear(2 * losses[0] + 0.5 * losses[2], 1e-5) && learner.state.isEmpty)
    }

    @Test("Classes weigh the inverse of their share of the pixels, 1 on average")
    func classWeights() throws {
        let image = MultimodalImage(rgb: [UInt8](repeating: 0, count: 12), semantics: [0, 0, 0, 2])
        let small = try MultimodalDataset(
            source: "four", images: [image], size: ImageSize(height: 2, width: 2), semanticNames: ["a", "b", "c"])
        #expect(small.classWeights == [Float(4) / 6, 0, 2])
        let weights = data.classWeights
        let pixels = (0..<24).flatMap { data[$0].semantics ?? [] }
        let mean = pixels.reduce(0.0) { $0 + Double(weights[Int($1)]) } / Double(pixels.count)
        #expect(weights.count == 7 && mean.isNear(1, 1e-4))
    }

    @Test("A pixel's cross-entropy is multiplied by its class's weight, in the labels' loss alone")
    func classWeightedLoss() throws {
        let model = try learner(.equal).model
        let images = try ModalityImages(batch, MultiMAE.Configuration(), .cpu)
        let visible = ElementSubset(indices: try Tensor.arange(3).expanded(8, 3))  // all labels are masked
        let found = try model.reconstructions(images, visible: visible)
        func losses(_ weights: [Float]?) throws -> [Modality: Tensor] {
            try model.losses(of: found, on: images, visible: visible, classWeights: weights.map { try Tensor($0) })
        }
        let (plain, ones) = (try losses(nil), try losses([Float](repeating: 1, count: 7)))
        for modality in Modality.allCases {
            #expect(try #require(plain[modality]).floats == #require(ones[modality]).floats)
        }
        // Each class alone gives its own part of the loss: the parts, weighted, add up.
        let weights: [Float] = [0.5, 2, 1, 3, 0.25, 1, 4]
        let weighted = try losses(weights)
        var sum = [Double](repeating: 0, count: 8)
        for (index, weight) in weights.enumerated() {
            let alone = try #require(try losses((0..<7).map { $0 == index ? 1 : 0 })[.semseg]).doubles
            for image in 0..<8 { sum[image] += Double(weight) * alone[image] }
        }
        let labels = try #require(weighted[.semseg]).doubles
        #expect(zip(labels, sum).allSatisfy { $0.isNear($1, 1e-5) })
        #expect(try #require(weighted[.rgb]).floats == #require(plain[.rgb]).floats)
        #expect(try mismatch(#require(weighted[.semseg]), #require(plain[.semseg])) != nil)
    }

    @Test("A run that was stopped goes on with the same weights of its tasks, and ends with the same bits")
    func resume() throws {
        try withTemporaryFolder { path in
            let recipe = try recipe(["model.balancing=gradnorm", "training.threads=1"])
            func trainer(_ folder: RunFolder?, stoppingAt step: Int? = nil, _ stop: StopSignal = StopSignal()) throws
                -> Trainer<MaskedAutoencoder, MultimodalDataset>
            {
                let learner = try learner(settings(recipe).freshTaskWeights())
                return try Trainer(
                    recipe: recipe, learner: learner, training: data, validation: data, folder: folder
                ) { event in
                    if case .stepped(let summary) = event, summary.step == step { stop.raise() }
                }
            }
            let whole = try trainer(nil)
            #expect(try whole.run().isComplete)
            let (folder, stop) = (RunFolder(path: path), StopSignal())
            #expect(try !trainer(folder, stoppingAt: 5, stop).run(until: stop).isComplete)
            let rest = try trainer(folder)
            try rest.restore(folder.newestCheckpoint())
            #expect(try rest.learner.state[0].tensor.doubles != [1, 1, 1])
            #expect(try rest.run().isComplete)
            func bits(_ trainer: Trainer<MaskedAutoencoder, MultimodalDataset>) throws -> [[Double]] {
                try (trainer.learner.parameters.entries + trainer.learner.state).map {
                    try $0.tensor.to(.float64).doubles
                }
            }
            #expect(try bits(rest) == bits(whole))
        }
    }

    @Test(
        "Every way of balancing trains, and the settings survive the recipe's own YAML",
        arguments: [
            ["model.balancing=class-weight"], ["model.balancing=gradnorm", "model.gradnorm_alpha=0.5"],
            ["model.balancing=fixed-weight", "model.task_weights={rgb: 1, depth: 0.5, semseg: 0.25}"],
        ])
    func trains(overrides: [String]) throws {
        let recipe = try recipe(overrides)
        #expect(try Recipe(yaml: recipe.yaml(), source: "again") == recipe)
        let plain = try self.recipe().experiment().train(in: nil, from: nil, until: StopSignal()) { _ in }
        let summary = try recipe.experiment().train(in: nil, from: nil, until: StopSignal()) { _ in }
        let loss = try #require(summary.metrics["val/loss"])
        #expect(loss.isFinite && loss != plain.metrics["val/loss"])
    }

    @Test(
        "Settings that do not belong together are refused by name",
        arguments: [
            (["model.balancing=gradnrom"], "expected one of none, class-weight, fixed-weight, gradnorm"),
            (["model.balancing=fixed-weight"], "model.task_weights is [], expected a number for each of rgb, depth"),
            (["model.task_weights={rgb: 1}"], "expected none without the balancing fixed-weight"),
            (
                ["model.balancing=fixed-weight", "model.task_weights={rgb: -1, depth: 1, semseg: 1}"],
                "model.task_weights.rgb is -1.0"
            ),
            (
                ["model.balancing=class-weight", "model.modalities=[rgb, depth]"],
                "expected another one without the modality semseg"
            ),
            (
                ["model.balancing=gradnorm", "model.task=classification"],
                "model.balancing is gradnorm, expected none for the one task classification"
            ),
            (["model.gradnorm_alpha=-1"], "model.gradnorm_alpha is -1.0, expected 0 or more"),
            (["model.gradnorm_learning_rate=0"], "model.gradnorm_learning_rate is 0.0, expected above 0"),
        ])
    func refused(overrides: [String], sentence: String) throws {
        let error = #expect(throws: RecipeError.self) { try recipe(overrides) }
        #expect("\(try #require(error))".contains(sentence), "\(String(describing: error))")
    }
}
