import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

/// Examples that are made smaller, instead of shown in part.
@Suite("Reduced examples") struct ReducedExamplesTests {
    private func policy(start: Double = 0.25) -> Policy {
        Policy(name: "growing", elements: ElementSchedule(start: start, until: 0.75, levels: 4, form: .reduced))
    }

    @Test("An image becomes a smaller square of whole patches, each pixel the mean of those that it stands for")
    func images() throws {
        let learner = try TinyRun(tinyRecipe()).learner()
        let pixels = (0..<64).map { Float($0) }
        let batch = ImageBatch(pixels: pixels, labels: [1], channels: 1, size: ImageSize(height: 8, width: 8))
        let half = try learner.reduced(batch, to: 4)
        #expect(half.shape == [1, 1, 4, 4] && half.labels == [1])
        // The mean of 0, 1, 8 and 9; one further to the right is 2 more, one further down 16.
        for (row, column) in [(0, 0), (0, 3), (3, 3)] {
            #expect(abs(half.pixels[row * 4 + column] - Float(4.5 + 2 * Double(column) + 16 * Double(row))) < 1e-5)
        }
        #expect(try learner.reduced(batch, to: 16) == batch)
        #expect(try learner.reduced(batch, to: 9).shape == [1, 1, 6, 6])
    }

    @Test("Positions of a smaller image are the means of those of the patches that it stands for")
    func positions() throws {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.channelCount) = (8, 2, 1)
        (configuration.classCount, configuration.hiddenSize, configuration.intermediateSize) = (3, 8, 16)
        (configuration.layerCount, configuration.headCount, configuration.initializerRange) = (1, 2, 0.4)
        var small = configuration
        small.imageSize = 4
        let make = { (configuration: ViT.Configuration) in
            try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
                try ViT(path, configuration)
            }
        }
        let (large, own) = (try make(configuration), try make(small))
        let source = Dictionary(uniqueKeysWithValues: large.1.entries.map { ($0.name, $0.tensor) })
        for entry in own.1.entries {
            var value = try #require(source[entry.name]).detached()
            if entry.name.hasSuffix("position_embeddings") {
                let grid = try value.sliced(1, 1..<17).reshaped(1, 2, 2, 2, 2, 8).mean(2, 4).reshaped(1, 4, 8)
                value = try .concatenated([value.sliced(1, 0..<1), grid], 1)
            }
            try entry.tensor.copy(from: value)
        }
        let images = try Generator(seed: 2).normal([2, 1, 4, 4])
        #expect(try mismatch(large.0.logits(images), own.0.logits(images)) == nil)
    }

    @Test("A text keeps its beginning") func texts() {
        let batch = TokenBatch(tokens: [1, 2, 3, 4, 5, 6], labels: [2, 3, -100, 5, 6, -100], width: 3)
        #expect(batch.beginning(2) == TokenBatch(tokens: [1, 2, 4, 5], labels: [2, 3, 5, 6], width: 2))
        #expect(batch.beginning(3) == batch && batch.beginning(9) == batch)
    }

    @Test("A run grows its examples until all are whole, costs less, and learns") func run() throws {
        let recorder = Recorder()
        var recipe = tinyRecipe(policy(), epochs: 24)
        recipe.training.learningRate = 3e-3
        let summary = try TinyRun(recipe).trainer(emit: recorder.observe).run()
        #expect((summary.metrics["val/accuracy"] ?? 0) > 0.9)
        #expect(recorder.steps.first?.elementShare == 0.25 && recorder.steps.last?.elementShare == 1)
        recipe.teacher = Policy(name: "parts", elements: ElementSchedule(start: 0.25, until: 0.75, levels: 4))
        let parts = Recorder()
        let other = try TinyRun(recipe).trainer(emit: parts.observe).run()
        #expect(other.examplesTaught == summary.examplesTaught)
        #expect(parts.steps.map(\.loss) != recorder.steps.map(\.loss))
    }

    @Test("Texts grow as well, in rows of their own") func growingTexts() throws {
        try withTemporaryFolder { folder in
            var data = TextData(kind: .text, path: "\(folder)/text")
            data.context = 32
            try String(repeating: "There are 12 apples and 3 pears. ", count: 80)
                .write(toFile: data.path, atomically: true, encoding: .utf8)
            var recipe = tinyLanguageRecipe(policy())
            recipe.data = .text(data)
            let summary = try recipe.experiment().train(in: nil, from: nil, until: StopSignal()) { _ in }
            #expect(summary.isComplete && summary.metrics.values.allSatisfy(\.isFinite))
        }
    }

    @Test("The form auto shortens the texts of stored models alone, and shows nothing in part where rows cannot be cut")
    func automatic() throws {
        func form(isPretrained: Bool, isPacked: Bool, hasPrompts: Bool = false) -> ElementSchedule.Form? {
            var options = LanguageLearner.Options()
            (options.isPretrained, options.isPacked, options.hasPrompts) = (isPretrained, isPacked, hasPrompts)
            return options.preferredElementForm
        }
        #expect(form(isPretrained: true, isPacked: false, hasPrompts: true) == .subset)
        #expect(form(isPretrained: false, isPacked: false) == .subset)
        #expect(form(isPretrained: false, isPacked: true) == .subset)
        #expect(form(isPretrained: true, isPacked: false) == .reduced)
        #expect(form(isPretrained: true, isPacked: true) == nil)
        var recipe = tinyRecipe(Policy(name: "automatic", elements: ElementSchedule(form: .auto)))
        let learner = try TinyRun(recipe).learner()
        #expect(try recipe.policy(for: learner, exampleCount: 8).elements == ElementSchedule(form: .subset))
        recipe.teacher.elements = nil
        #expect(try recipe.policy(for: learner, exampleCount: 8).elements == nil)
    }

    @Test(
        "A stored language model is taught by texts that grow, but by parts of its records", arguments: [true, false])
    func storedModels(isText: Bool) throws {
        try withTemporaryFolder { folder in
            let (base, text) = ("\(folder)/base", "\(folder)/text")
            try writeTinyLanguageModel(to: base)
            try String(repeating: "There are 12 apples and 3 pears. ", count: 80)
                .write(toFile: text, atomically: true, encoding: .utf8)
            func losses(_ form: ElementSchedule.Form) throws -> [Double] {
                let recorder = Recorder()
                let policy = Policy(name: "parts", elements: ElementSchedule(start: 0.5, form: form))
                var recipe = tinyLanguageRecipe(policy, epochs: 1, count: 16, model: .init(.llama, .stored(base)))
                if isText {
                    var data = TextData(kind: .text, path: text)
                    data.context = 32
                    data.tokenizer = base
                    recipe.data = .text(data)
                }
                _ = try recipe.experiment()
                    .train(in: nil, from: nil, until: StopSignal(), emit: recorder.observe)
                return recorder.steps.map(\.loss)
            }
            let automatic = try losses(.auto)
            #expect(try (automatic == losses(.subset)) == !isText)
            guard isText else {
                // The beginning of a problem is its prompt, of which nothing is learnt.
                #expect(throws: TrainingError.self) { try losses(.reduced) }
                return
            }
            #expect(try automatic == losses(.reduced))
        }
    }

    @Test("What cannot be made smaller is refused: packed rows, and images of several modalities") func refused() throws
    {
        func message(_ recipe: Recipe) -> String? {
            do {
                _ = try recipe.experiment().train(in: nil, from: nil, until: StopSignal()) { _ in }
                return nil
            } catch { return "\(error)" }
        }
        var packed = tinyLanguageRecipe(policy())
        guard case .wordProblems(var data) = packed.data else { return #expect(Bool(false), "word problems") }
        data.packing = true
        packed.data = .wordProblems(data)
        func scenes(_ task: MultiMAESettings.Task) throws -> Recipe {
            try Recipe(
                named: "scenes",
                overrides: [
                    "data.count=8", "data.test_count=4", "teacher=random-elements", "teacher.elements.form=reduced",
                    "training.batch_size=4", "model.task=\(task.rawValue)", "model.modalities=[rgb]",
                ])
        }
        for recipe in [packed, try scenes(.classification)] {
            #expect(message(recipe)?.contains("teacher.elements.form is reduced, expected subset") == true)
        }
    }
}
