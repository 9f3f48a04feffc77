import Datasets
import Models
import NN
import Teaching
import Testing
import Torch

@testable import Training

@Suite("Learners of several modalities and of text, on several ranks", .serialized) struct RankLearnersTests {
    private static let small = [
        "data.count=24", "data.test_count=13", "data.image_size=16", "model.image_size=16", "model.hidden_size=16",
        "model.num_hidden_layers=2", "model.num_attention_heads=2", "model.intermediate_size=32",
        "model.num_visible_tokens=10", "model.decoder_hidden_size=8", "model.decoder_num_attention_heads=2",
        "model.decoder_intermediate_size=16", "training.epochs=2", "training.batch_size=7",
        "training.precision=fp32", "training.threads=1", "evaluation.count=1", "evaluation.batch_size=4",
        "teacher=standard",
    ]

    private static func scenes(_ overrides: [String]) throws -> Recipe {
        try Recipe(named: "scenes", overrides: small + overrides)
    }

    /// The losses and metrics of a run.
    private static func run(_ recipe: Recipe, _ ranks: Ranks = .alone) throws -> (losses: [Double], [String: Double]) {
        let recorder = Recorder()
        let summary = try recipe.experiment().train(
            in: nil, from: nil, among: ranks, until: StopSignal(), emit: recorder.observe)
        return (recorder.steps.map(\.loss), summary.metrics)
    }

    @Test(
        "pre-training and fine-tuning have the losses and metrics of one process",
        arguments: [
            ["teacher=attent", "training.batch_size=5"], ["model.balancing=class-weight"],
            ["model.balancing=fixed-weight", "model.task_weights={rgb: 1, depth: 0.5, semseg: 0.25}"],
            ["model.balancing=gradnorm"], ["model.balancing=gradnorm", "training.micro_batch_size=2"],
            ["model.modalities=[rgb]", "model.task=classification"],
            ["model.modalities=[rgb]", "model.task=segmentation"], ["model.modalities=[rgb]", "model.task=depth"],
        ])
    func scenes(overrides: [String]) async throws {
        let recipe = try Self.scenes(overrides)
        let (losses, metrics) = try Self.run(recipe)
        for outcome in try await onRanks(3, { try Self.run(recipe, $0) }) {
            let found = try outcome.get()
            #expect(found.losses.count == losses.count && losses.count >= 6)
            for (several, one) in zip(found.losses, losses) { #expect(abs(several - one) < 1e-4 * max(1, one)) }
            #expect(Set(found.1.keys) == Set(metrics.keys))
            // A share of pixels moves where one pixel's answer changes sides.
            for (name, value) in metrics {
                let shared = try #require(found.1[name])
                #expect(abs(shared - value) < 5e-3 * max(1, value))
            }
        }
    }

    /// What GradNorm's weights come to.
    private static func taskWeights(_ microBatch: Int?, _ ranks: Ranks = .alone) throws -> [Double] {
        var recipe = try scenes(["model.balancing=gradnorm", "training.epochs=1"])
        recipe.training.microBatchSize = microBatch
        guard case .multimae(let settings) = recipe.model else { return [] }
        let data = try Scenes.dataset(seed: 1, indices: 0..<24, size: ImageSize(height: 16, width: 16))
        let learner = try MaskedAutoencoder(
            ParameterBuilder(seed: 1), settings.network, settings.freshTaskWeights(), classWeights: nil)
        let trainer = try Trainer(
            recipe: recipe, learner: learner, training: data, validation: data, folder: nil, ranks: ranks)
        _ = try trainer.run()
        return try learner.state[0].tensor.values(as: Double.self)
    }

    @Test("GradNorm moves the tasks' weights as in one process, whatever the micro-batches and the ranks' shares")
    func gradNorm() async throws {
        let alone = try Self.taskWeights(nil)
        #expect(alone.count == 3 && alone.contains { abs($0 - 1) > 0.01 })
        func areNear(_ found: [Double]) -> Bool { zip(found, alone).allSatisfy { abs($0 - $1) < 1e-4 } }
        #expect(try areNear(Self.taskWeights(2)))
        for (count, microBatch) in [(2, nil), (3, 2)] as [(Int, Int?)] {
            let outcomes = try await onRanks(count) { try Self.taskWeights(microBatch, $0) }.map { try $0.get() }
            for outcome in outcomes { #expect(areNear(outcome) && outcome == outcomes[0]) }
        }
    }

    /// The metrics of a fresh learner.
    private static func metrics(_ task: String, _ ranks: Ranks = .alone) throws -> [String: Double] {
        guard case .multimae(let settings) = try scenes(["model.modalities=[rgb]", "model.task=\(task)"]).model else {
            return [:]
        }
        let (builder, network) = (ParameterBuilder(seed: 1), settings.network)
        let data = try Scenes.dataset(seed: 3, indices: 0..<26, size: ImageSize(height: 16, width: 16))
        func measured<L: Learner>(_ learner: L) throws -> [String: Double] where L.Content == MultimodalBatch {
            try evaluation(of: learner, on: data, batchSize: 4, among: ranks)
        }
        return switch task {
        case "segmentation": try measured(SemanticSegmenter(builder, network, classNames: data.semanticNames))
        case "depth": try measured(DepthEstimator(builder, network))
        default: try measured(MultimodalClassifier(builder, network, classCount: data.classNames.count))
        }
    }

    @Test(
        "metrics over pixels are those of one process exactly", arguments: ["segmentation", "depth", "classification"])
    func metrics(task: String) async throws {
        let alone = try Self.metrics(task)
        let counts = alone.keys.filter {
            $0.contains("iou") || ["val/delta1", "val/pixel_accuracy", "val/accuracy"].contains($0)
        }
        #expect(!counts.isEmpty && alone["val/loss"] != nil)
        for count in [2, 5] {
            for outcome in try await onRanks(count, { try Self.metrics(task, $0) }) {
                let shared = try outcome.get()
                #expect(Set(shared.keys) == Set(alone.keys))
                for name in counts { #expect(shared[name] == alone[name], "\(name)") }
                for (name, value) in alone {
                    let found = try #require(shared[name])
                    #expect(abs(found - value) < 1e-9 * max(1, value))
                }
            }
        }
    }

    private static func languageOutcome(
        recomputing: Bool, _ microBatch: Int?, _ ranks: Ranks = .alone
    ) throws -> RankOutcome {
        var recipe = tinyLanguageRecipe()
        recipe.training.microBatchSize = microBatch
        guard case .language(let settings) = recipe.model, case .fresh(var network) = settings.origin,
            case .wordProblems(let data) = recipe.data
        else { throw TrainingError.notARun(path: "", reason: "the tiny recipe is of another kind") }
        let tokenizer = try data.makeTokenizer()
        network.vocabularySize = tokenizer.vocabularySize
        let (training, validation) = try data.load(tokenizer, context: network.contextLength)
        var options = LanguageLearner.Options(givesConfidences: false, measuresAccuracy: false)
        options.recomputesActivations = recomputing
        let learner = try LanguageLearner(
            ParameterBuilder(seed: 1), network, context: network.contextLength, options: options)
        let recorder = Recorder()
        let trainer = try Trainer(
            recipe: recipe, learner: learner, training: training, validation: validation, folder: nil, ranks: ranks,
            emit: recorder.observe)
        _ = try trainer.run()
        return try RankOutcome(trainer, recorder)
    }

    @Test(
        "activations that are made again leave the same losses and weights, bit for bit",
        arguments: [nil, 2] as [Int?])
    func recomputation(microBatch: Int?) async throws {
        let alone = try Self.languageOutcome(recomputing: true, nil)
        let kept = try await onRanks(2) { try Self.languageOutcome(recomputing: false, microBatch, $0) }
        let made = try await onRanks(2) { try Self.languageOutcome(recomputing: true, microBatch, $0) }
        #expect(alone.losses.count >= 8)
        for (one, other) in zip(try kept.map { try $0.get() }, try made.map { try $0.get() }) {
            #expect(one.losses == other.losses && one.weights == other.weights)
            #expect(other.isNear(alone, 1e-3))
        }
    }

    @Test("ranks with another libtorch, recipe or data are refused, all with the same sentence")
    func handshake() async throws {
        func refused(_ sentence: String, _ body: @escaping @Sendable (Ranks) throws -> Void) async throws {
            for outcome in try await onRanks(3, body) {
                let error = #expect(throws: RankError.self) { try outcome.get() }
                #expect(error?.description == "\(sentence), that of rank 0")
            }
        }
        let recipe = tinyRecipe()
        var other = recipe
        other.training.batchSize = 9
        let differing = other
        try await refused("the version of libtorch of rank 2 is 2.4.0, expected 2.9.1") {
            try $0.agree(on: recipe, fingerprint: 7, engine: $0.rank == 2 ? "2.4.0" : "2.9.1")
        }
        try await refused("the training data's fingerprint of rank 1 is ab, expected cd") {
            try $0.agree(on: recipe, fingerprint: $0.rank == 1 ? 0xab : 0xcd)
        }
        try await refused("the recipe of rank 1 is 'batch_size: 9', expected 'batch_size: 8'") {
            try $0.agree(on: $0.rank == 1 ? differing : recipe, fingerprint: 7)
        }
        for outcome in try await onRanks(2, { try $0.agree(on: recipe, fingerprint: 7) }) { try outcome.get() }
    }
}
