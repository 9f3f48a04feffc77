import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Training

@Suite("Language models in training", .serialized) struct LanguageTrainingTests {
    @Test(
        "a run stopped at any step ends with the same bits",
        arguments: [Policy.standard, .attent, .randomElements, .kakurenbo])
    func resume(policy: Policy) throws {
        var recipe = tinyLanguageRecipe(policy, epochs: 3)
        recipe.training.batchSize = 6
        let whole = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
        for step in [1, 4] {
            #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0, stoppingAt: step) } == whole)
        }
    }

    #if compiler(>=6.2)
        // In a process of its own, since dropout draws from the process's generator.
        @Test("dropout goes on where it was") func dropout() async throws {
            await #expect(processExitsWith: .success) {
                let recipe = tinyLanguageRecipe(.attent, dropout: 0.2)
                let whole = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
                #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0, stoppingAt: 3) } == whole)
                let other = tinyLanguageRecipe(.attent)
                #expect(try withTemporaryFolder { try languageOutcome(of: other, in: $0) }.weights != whole.weights)
            }
        }
    #endif

    @Test("it learns, and a run's folder tells as much as the run did") func learns() throws {
        var recipe = tinyLanguageRecipe(epochs: 12)
        recipe.training.learningRate = 5e-3
        try withTemporaryFolder { folder in
            let experiment = try recipe.experiment()
            let recorder = Recorder()
            let summary = try experiment.train(
                in: RunFolder(path: folder), from: nil, until: StopSignal(), emit: recorder.observe)
            let losses = recorder.evaluations.compactMap { $0.metrics["val/loss"] }
            #expect(losses.count == 2)
            #expect(recorder.steps[0].loss > 1.5 * recorder.steps[recorder.steps.count - 1].loss)
            #expect(
                try abs(exp(#require(summary.metrics["val/loss"])) - #require(summary.metrics["val/perplexity"])) < 1e-9
            )
            #expect(try experiment.evaluate(RunFolder(path: folder).newestCheckpoint()) == summary.metrics)
        }
    }

    @Test("adapters learn alone, are saved alone and resume exactly") func adapters() throws {
        try withTemporaryFolder { base in
            try writeTinyLanguageModel(to: base)
            let lora = AdapterPolicy(rank: 2, alpha: 4, targetModules: ["q_proj", "down_proj"])
            let recipe = tinyLanguageRecipe(model: .init(.llama, .stored(base), lora: lora))
            let before = try Data(contentsOf: URL(fileURLWithPath: "\(base)/model.safetensors"))
            let whole = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
            #expect(whole.weights.count == 2 * 2 * 3)
            #expect(whole.weights.keys.allSatisfy { $0.contains(".lora_") })
            #expect(whole.weights.filter { $0.key.contains("lora_B") }.values.allSatisfy { $0.contains { $0 != 0 } })
            try withTemporaryFolder { folder in
                #expect(try languageOutcome(of: recipe, in: folder, stoppingAt: 4) == whole)
                let evaluated = try recipe.experiment().evaluate(RunFolder(path: folder).newestCheckpoint())
                #expect(evaluated == whole.metrics)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(base)/model.safetensors")) == before)
        }
    }

    @Test("fine-tuning starts from the stored weights") func fineTuning() throws {
        try withTemporaryFolder { base in
            try writeTinyLanguageModel(to: base)
            var recipe = tinyLanguageRecipe(model: .init(.llama, .stored(base)))
            recipe.training.learningRate = 1e-12
            recipe.training.weightDecay = 0
            let outcome = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
            let file = try SafetensorsFile("\(base)/model.safetensors")
            #expect(Set(outcome.weights.keys) == Set(file.tensorNames))
            for (name, values) in outcome.weights {
                let stored: [Float] = try file.tensor(named: name).values()
                #expect(zip(values, stored).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
            }
        }
    }

    @Test("what cannot be trained is refused with its setting") func refusals() throws {
        try withTemporaryFolder { base in
            try writeTinyLanguageModel(to: base)
            func message(_ recipe: Recipe) -> String? {
                do { _ = try recipe.experiment() } catch { return "\(error)" }
                return nil
            }
            var recipe = tinyLanguageRecipe()
            recipe.teacher.score = .ntk
            #expect(
                message(recipe) == "teacher.score is ntk, expected loss, residual or reducible for a language model")
            recipe = tinyLanguageRecipe(model: .init(.gpt2, .stored(base)))
            #expect(message(recipe) == "model.kind is gpt2, expected llama, which \(base) holds")
            recipe = tinyLanguageRecipe(model: .init(.llama, .stored("\(base)/none")))
            #expect(message(recipe)?.contains("\(base)/none") == true)
            recipe = tinyLanguageRecipe()
            recipe.data = .images(ImageData(kind: .digits, path: ""))
            #expect(message(recipe)?.hasPrefix("model.kind is llama") == true)
            let text = "\(base)/text.txt"
            try String(repeating: "abc ", count: 200).write(toFile: text, atomically: true, encoding: .utf8)
            var data = TextData(kind: .text, path: text)
            data.context = 97
            recipe.data = .text(data)
            #expect(message(recipe) == "data.context is 97, expected at most the 96 tokens that the model was made for")
        }
    }
}

@Suite("Scores of language models") struct LanguageLearnerTests {
    private struct Tiny {
        let learner: LanguageLearner
        let data: TextDataset
    }

    private func tiny(_ options: LanguageLearner.Options = .init()) throws -> Tiny {
        Engine.threadCount = 1
        guard case .language(let settings) = tinyLanguageRecipe().model, case .fresh(var network) = settings.origin
        else {
            preconditionFailure("the tiny recipe is a fresh Llama's")
        }
        let tokenizer = CharacterTokenizer(of: WordProblemSet.scalars)
        network.vocabularySize = tokenizer.vocabularySize
        let problems = WordProblemSet(count: 20, testCount: 1, levels: 1...3)
        return Tiny(
            learner: try LanguageLearner(ParameterBuilder(seed: 3), network, options: options),
            data: try problems.datasets(tokenizer, context: 96).training)
    }

    @Test("a padded example scores as it does alone", arguments: [Policy.ScoreKind.loss, .residual])
    func independence(kind: Policy.ScoreKind) throws {
        let tiny = try tiny(.init(givesConfidences: true))
        func assess(_ numbers: [Int32]) throws -> [[Float]] {
            let content = try tiny.data.collate(numbers, view: .plain)
            let assessment = try tiny.learner.assess(content, elements: nil, score: kind, isTraining: false)
            return try [
                assessment.losses.values(), #require(assessment.scores).values(),
                #require(assessment.confidences).values(),
            ]
        }
        let lengths = try tiny.data.collate(Array(0..<20), view: .plain).lengths
        let shortest = Int32(try #require(lengths.indices.min { lengths[$0] < lengths[$1] }))
        #expect(lengths.max()! > lengths[Int(shortest)])
        let (together, alone) = (try assess(Array(0..<20)), try assess([shortest]))
        for (all, one) in zip(together, alone) { #expect(Double(all[Int(shortest)]).isNear(Double(one[0]), 1e-5)) }
    }

    @Test("the loss is the mean over the response's tokens") func loss() throws {
        let tiny = try tiny()
        let batch = try tiny.data.collate([4], view: .plain)
        let tokens = try Tensor(batch.tokens.map(Int64.init), shape: [1, batch.width])
        let logits = try tiny.learner.model.logits(tiny.learner.model.hidden(tokens)).reshaped(batch.width, -1)
        let logProbabilities: [Float] = try logits.logSoftmax(-1).values()
        let vocabulary = tiny.learner.model.vocabularySize
        let places = (0..<batch.width).filter { batch.labels[$0] >= 0 }
        let expected =
            -places.map { logProbabilities[$0 * vocabulary + Int(batch.labels[$0])] }.reduce(0, +) / Float(places.count)
        let losses: [Float] = try tiny.learner.assess(batch, elements: nil, score: nil, isTraining: false).losses
            .values()
        #expect(places.count < batch.width / 2)
        #expect(Double(losses[0]).isNear(Double(expected), 1e-5))
    }

    @Test("all elements are none left out, and elements past a short batch's end are replaced") func elements() throws {
        let tiny = try tiny()
        let batch = try tiny.data.collate([0, 1, 2], view: .plain)
        #expect(batch.width < tiny.learner.elementCount)
        func losses(_ elements: ElementSubset?) throws -> [Float] {
            try tiny.learner.assess(batch, elements: elements, score: nil, isTraining: false).losses.values()
        }
        let all = ElementSubset(
            indices: try Tensor((0..<3).flatMap { _ in (0..<96).map { Int64($0) } }, shape: [3, 96]))
        #expect(zip(try losses(all), try losses(nil)).allSatisfy { Double($0).isNear(Double($1), 1e-5) })
        let drawn = ElementSampler(seed: 1).indices(for: [0, 1, 2], keeping: 30, of: 96, lesson: 1)
        let some = ElementSubset(indices: try Tensor(drawn, shape: [3, 30]).to(.int64))
        #expect(try losses(some).allSatisfy(\.isFinite))
        #expect(try losses(some) != losses(nil))
    }
}
