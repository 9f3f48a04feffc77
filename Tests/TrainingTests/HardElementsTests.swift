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

@Suite("Tokens that were hard are shown more often", .serialized) struct HardElementsTests {
    private static func policy(_ choice: ElementSchedule.Choice) -> Policy {
        Policy(name: "parts", elements: ElementSchedule(start: 0.3, until: 0.9, choice: choice))
    }

    private static let tokenizer = CharacterTokenizer(of: WordProblemSet.scalars)

    private static func problems(_ count: Int) throws -> TextDataset {
        try WordProblemSet(count: count, testCount: 1, levels: 1...2).datasets(tokenizer, context: 96).training
    }

    /// Texts that fill the context: which places are added to shorter rows depends on the other rows.
    private static func texts() throws -> TextDataset {
        let set = WordProblemSet(count: 48, testCount: 1, levels: 1...2)
        let questions = (0..<48).map { set.trainingProblem($0).0.question }
        let lines = questions.filter { $0.count >= 40 }.prefix(24).map { #"{"text": "\#($0.prefix(40))"}"# }
        return try withTemporaryFolder { folder in
            let path = "\(folder)/texts.jsonl"
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return try TextRecords(path).dataset(tokenizer, context: 96)
        }
    }

    private static func learner(
        _ options: LanguageLearner.Options = .init(), context: Int = 96
    ) throws -> LanguageLearner {
        Engine.threadCount = 1
        guard case .language(let settings) = tinyLanguageRecipe().model, case .fresh(var network) = settings.origin
        else { preconditionFailure("the tiny recipe is a fresh Llama's") }
        network.vocabularySize = tokenizer.vocabularySize
        return try LanguageLearner(ParameterBuilder(seed: 3), network, context: context, options: options)
    }

    private struct Told: Sendable, Equatable {
        var losses: [Double]
        var codes: [UInt8]
    }

    private static func run(
        _ choice: ElementSchedule.Choice, late: Bool = false, microBatch: Int? = nil, learningRate: Double = 1e-3,
        _ ranks: Ranks = .alone
    ) throws -> Told {
        var recipe = tinyLanguageRecipe(policy(choice), epochs: 3)
        recipe.training.learningRate = learningRate
        recipe.training.gradientClipping = 0
        recipe.training.microBatchSize = microBatch
        let (data, recorder) = (try texts(), Recorder())
        let width = try data.collate([0], view: .plain).width
        let trainer = try Trainer(
            recipe: recipe, learner: learner(context: width), training: data, validation: data.limited(to: 4),
            folder: nil,
            ranks: ranks, emit: recorder.observe)
        trainer.forcesLateReading = late
        _ = try trainer.run()
        return Told(losses: recorder.steps.map(\.loss), codes: trainer.elementWorth?.bytes ?? [])
    }

    @Test("an element's loss is that of the token it predicts, whatever the rows", arguments: [false, true])
    func elementLosses(packed: Bool) throws {
        let (data, learner) = (try Self.problems(6), try Self.learner())
        let numbers: [Int32] = [4, 0, 2]
        let content = try (packed ? data.packed(intoRowsOf: 480) : data).collate(numbers, view: .plain)
        #expect(content.isPacked == packed)
        let every = (0..<3).flatMap { _ in (0..<96).map { Int64($0) } }
        let assessment = try learner.assess(
            content, elements: ElementSubset(indices: Tensor(every, shape: [3, 96])), score: .loss, isTraining: true)
        let measure = try #require(assessment.elementScores)
        let found = try measure().floats
        #expect(found.count == 3 * 96)
        for (row, number) in numbers.enumerated() {
            let batch = try data.collate([number], view: .plain)
            let tokens = try Tensor(batch.tokens.map(Int64.init), shape: [1, batch.width])
            let logits = try learner.model.logits(learner.model.hidden(tokens)).squeezed(0)
            let losses = try logits.crossEntropy(Tensor(batch.labels.map(Int64.init)), reduction: .none).floats
            var expected = [Float](repeating: -1, count: 96)
            for (place, label) in batch.labels.enumerated() where label >= 0 { expected[place] = losses[place] }
            let own = Array(found[row * 96..<(row + 1) * 96])
            #expect(zip(own, expected).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        #expect(try learner.assess(content, elements: nil, score: .loss, isTraining: true).elementScores == nil)
    }

    @Test("the first pass is the same as by chance, later ones are not; a table is kept where it is asked for")
    func run() throws {
        let (chance, hard) = (try Self.run(.uniform), try Self.run(.loss))
        #expect(chance.losses.count == hard.losses.count && chance.losses.count >= 9)
        let pass = chance.losses.count / 3
        #expect(chance.losses[..<pass] == hard.losses[..<pass] && chance.losses[pass...] != hard.losses[pass...])
        #expect(chance.codes.isEmpty && hard.codes.count.isMultiple(of: 24))
        let width = hard.codes.count / 24
        #expect(
            (0..<24).allSatisfy { example in hard.codes[example * width..<(example + 1) * width].contains { $0 > 0 } })
        let isSame = try Self.run(.loss, late: true) == hard
        #expect(isSame)
        #expect(try Self.run(.loss, microBatch: 3).codes.count == hard.codes.count)
    }

    @Test("all ranks know all examples' elements, what one process knows", arguments: [2, 3])
    func ranks(count: Int) async throws {
        // Where weights move, a loss that rounds to another sixteenth may change what is shown from then on.
        let alone = try Self.run(.loss, learningRate: 1e-12)
        let outcomes = try await onRanks(count) { try Self.run(.loss, learningRate: 1e-12, $0) }
        for outcome in try outcomes.map({ try $0.get() }) {
            let isSame = outcome.codes == alone.codes
            #expect(isSame)
            #expect(zip(outcome.losses, alone.losses).allSatisfy { abs($0 - $1) < 1e-4 * $1 })
        }
        let moved = try await onRanks(count) { try Self.run(.loss, $0) }.map { try $0.get() }
        let agree = moved.allSatisfy { $0 == moved[0] && $0.codes != alone.codes }
        #expect(agree)
    }

    @Test("a run stopped at any step ends with the same bits, the table's included")
    func resume() throws {
        let recipe = tinyLanguageRecipe(Self.policy(.loss), epochs: 3)
        func outcome(stoppingAt step: Int?) throws -> (LanguageOutcome, Data) {
            try withTemporaryFolder { folder in
                let outcome = try languageOutcome(of: recipe, in: folder, stoppingAt: step)
                let file = try RunFolder(path: folder).newestCheckpoint().file("elements.bin")
                return (outcome, try #require(FileManager.default.contents(atPath: file)))
            }
        }
        let (whole, table) = try outcome(stoppingAt: nil)
        #expect(table.contains { $0 > 0 })
        for step in [1, 7, 12] {
            let isSame = try outcome(stoppingAt: step) == (whole, table)
            #expect(isSame)
        }
    }

    @Test(
        "the choice auto is by loss for fresh learners of text, by attention for classifiers of images; what cannot be is refused"
    )
    func choices() throws {
        func resolved<L: Learner>(
            _ choice: ElementSchedule.Choice, _ learner: L, form: ElementSchedule.Form = .auto, examples: Int = 8
        ) throws -> ElementSchedule.Choice? {
            let elements = ElementSchedule(form: form, choice: choice)
            let recipe = tinyLanguageRecipe(Policy(name: "parts", elements: elements))
            return try recipe.policy(for: learner, exampleCount: examples).elements?.choice
        }
        func text(isPretrained: Bool = false, hasPrompts: Bool = false) throws -> LanguageLearner {
            var options = LanguageLearner.Options()
            (options.isPretrained, options.hasPrompts) = (isPretrained, hasPrompts)
            return try Self.learner(options)
        }
        #expect(try resolved(.auto, text()) == .loss && resolved(.uniform, text()) == .uniform)
        #expect(try resolved(.auto, text(hasPrompts: true)) == .loss)
        #expect(try resolved(.loss, text(hasPrompts: true)) == .loss)
        #expect(try resolved(.auto, text(isPretrained: true)) == .uniform)
        #expect(try resolved(.auto, text(isPretrained: true, hasPrompts: true)) == .uniform)
        #expect(try resolved(.auto, text(), examples: ElementTable.mostElements / 96 + 1) == .uniform)
        #expect(try resolved(.auto, TinyRun(tinyRecipe()).learner()) == .attention)
        #expect(try resolved(.auto, TinyRun(tinyRecipe()).learner(), form: .reduced) == .uniform)
        func refusal<L: Learner>(
            _ learner: L, _ choice: ElementSchedule.Choice = .loss, form: ElementSchedule.Form = .auto,
            examples: Int = 8
        ) throws -> String {
            let error = #expect(throws: TrainingError.self) {
                try resolved(choice, learner, form: form, examples: examples)
            }
            return error?.description ?? ""
        }
        let expected =
            "expected loss for language models and attention for vision transformers, if they are shown subsets, or uniform"
        #expect(try refusal(TinyRun(tinyRecipe()).learner()).contains("is loss, \(expected)"))
        #expect(try refusal(TinyRun(tinyRecipe()).learner(), .attention, form: .reduced).contains(expected))
        #expect(try refusal(text(), .attention).contains("is attention, \(expected)"))
        #expect(try refusal(text(), form: .reduced).contains(expected))
        #expect(try refusal(text(), examples: 1 << 40).contains("expected uniform for more than 268435456"))
    }
}
