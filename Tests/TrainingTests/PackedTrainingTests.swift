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

@Suite("Packed and padded examples", .serialized) struct PackedTrainingTests {
    enum Kind: CaseIterable { case llama, windowed, gpt2 }

    private static func learner(_ kind: Kind, vocabulary: Int) throws -> LanguageLearner {
        Engine.threadCount = 1
        if kind == .gpt2 {
            var network = GPT2.Configuration()
            (network.vocabularySize, network.hiddenSize, network.intermediateSize) = (vocabulary, 32, 64)
            (network.layerCount, network.headCount, network.contextLength) = (2, 2, 240)
            (network.embeddingDropout, network.residualDropout, network.attentionDropout) = (0, 0, 0)
            network.initializerRange = 0.1
            return try LanguageLearner(ParameterBuilder(seed: 2), .gpt2(network))
        }
        guard case .language(let settings) = tinyLanguageRecipe().model,
            case .fresh(.llama(var network)) = settings.origin
        else { preconditionFailure("the tiny recipe is a fresh Llama's") }
        (network.vocabularySize, network.contextLength) = (vocabulary, 240)
        // Heads of 16 features, as GPT-2's above, take the attention kernel of our own; those of 8 take libtorch's.
        if kind == .windowed { (network.windows, network.headSize) = ([24, nil, 24], 16) }
        return try LanguageLearner(ParameterBuilder(seed: 3), .llama(network))
    }

    private static let tokenizer = CharacterTokenizer(of: WordProblemSet.scalars)

    /// Word problems of one to four sentences.
    private static func data(_ count: Int = 24) throws -> TextDataset {
        try WordProblemSet(count: count, testCount: 1, levels: 1...3).datasets(tokenizer, context: 240).training
    }

    /// The loss of one example of a batch and its gradient.
    private func outcome(
        _ learner: LanguageLearner, _ content: TokenBatch, _ index: Int
    ) throws -> (loss: Double, gradients: [Tensor]) {
        let losses = try learner.assess(content, elements: nil, score: nil, isTraining: true).losses
        let loss = try losses.sliced(0, index..<index + 1).sum()
        let leaves = learner.parameters.trainable.entries.map(\.tensor)
        let gradients = try Tensor.gradients(of: [loss], weightedBy: [.ones([])], withRespectTo: leaves)
        return (try loss.item(), try gradients.map { try #require($0) })
    }

    @Test("an example has the loss and the gradient that it has alone", arguments: Kind.allCases, [false, true])
    func independence(kind: Kind, packed: Bool) throws {
        let data = try Self.data()
        let learner = try Self.learner(kind, vocabulary: Self.tokenizer.vocabularySize)
        let together = try (packed ? data.packed(intoRowsOf: 240) : data).collate(Array(0..<24), view: .plain)
        #expect(together.isPacked == packed)
        for number in [0, 7, 19] {
            let alone = try outcome(learner, data.collate([Int32(number)], view: .plain), 0)
            let among = try outcome(learner, together, number)
            #expect(abs(alone.loss - among.loss) <= 1e-6 * alone.loss)
            let norm = try alone.gradients.reduce(0) { try $0 + $1.square().sum().item() }.squareRoot()
            let difference = try zip(alone.gradients, among.gradients).reduce(0) {
                try $0 + ($1.0 - $1.1).square().sum().item()
            }.squareRoot()
            // Rounding by sums in another order; what another example adds would be thousands of times as much.
            #expect(difference <= 5e-6 * norm, "\(difference / norm)")
        }
    }

    @Test("tokens taught in part stay each example's own when packed") func elements() throws {
        let data = try Self.data(6)
        let learner = try Self.learner(.llama, vocabulary: Self.tokenizer.vocabularySize)
        func losses(_ data: TextDataset, _ numbers: [Int32], keeping count: Int) throws -> [Float] {
            let drawn = ElementSampler(seed: 1).indices(for: numbers, keeping: count, of: 240, lesson: 1)
            let elements = ElementSubset(indices: try Tensor(drawn, shape: [numbers.count, count]).to(.int64))
            return try learner.assess(
                data.collate(numbers, view: .plain), elements: elements, score: nil, isTraining: false
            ).losses.values()
        }
        let packed = data.packed(intoRowsOf: 480)
        let all = try losses(packed, Array(0..<6), keeping: 240)
        let plain: [Float] = try learner.assess(
            data.collate(Array(0..<6), view: .plain), elements: nil, score: nil, isTraining: false
        ).losses.values()
        #expect(zip(all, plain).allSatisfy { Double($0).isNear(Double($1), 1e-5) })
        let some = try losses(packed, Array(0..<6), keeping: 120)
        #expect(some.allSatisfy(\.isFinite) && some != all)
    }

    private func trainer(
        _ policy: Policy, _ data: TextDataset, batchSize: Int, learningRate: Double = 1e-3,
        emit: @escaping (TrainingEvent) throws -> Void = { _ in }
    ) throws -> Trainer<LanguageLearner, TextDataset> {
        var recipe = tinyLanguageRecipe(policy)
        (recipe.training.batchSize, recipe.training.learningRate) = (batchSize, learningRate)
        recipe.training.weightDecay = 0
        let learner = try Self.learner(.llama, vocabulary: Self.tokenizer.vocabularySize)
        return try Trainer(
            recipe: recipe, learner: learner, training: data, validation: data.limited(to: 4), folder: nil, emit: emit)
    }

    @Test("scores belong to the examples they were measured on", arguments: [false, true])
    func alignment(packed: Bool) throws {
        let data = try Self.data()
        let laid = packed ? data.packed(intoRowsOf: 240) : data
        let trainer = try trainer(.attentSimple, laid, batchSize: 4, learningRate: 1e-12)
        _ = try trainer.run()
        let numbers = (0..<24).map { Int32($0 * 5 % 24) }
        let measured = try trainer.measure(numbers, with: trainer.learner).scores
        for (number, score) in zip(numbers, measured) {
            let alone: [Float] = try trainer.learner.assess(
                data.collate([number], view: .plain), elements: nil, score: nil, isTraining: false
            ).losses.values()
            #expect(Double(score).isNear(Double(alone[0]), 1e-5))
            #expect(Double(trainer.teacher.table.scores[Int(number)]).isNear(Double(alone[0]), 1e-5))
        }
    }

    @Test("a run takes the same steps packed as padded") func equalRuns() throws {
        // One batch a lesson, so that the order within it is all that differs.
        func losses(_ data: TextDataset) throws -> [Double] {
            let recorder = Recorder()
            _ = try trainer(.standard, data, batchSize: 24, emit: recorder.observe).run()
            return recorder.steps.map(\.loss)
        }
        let data = try Self.data()
        let (padded, packed) = (try losses(data), try losses(data.packed(intoRowsOf: 240)))
        #expect(padded.count == 2 && packed.count == 2)
        #expect(zip(padded, packed).allSatisfy { $0.isNear($1, 1e-5) })
    }

    @Test("a packed run stopped at any step ends with the same bits") func resume() throws {
        var recipe = tinyLanguageRecipe(.attent, epochs: 3)
        guard case .wordProblems(var data) = recipe.data else { preconditionFailure("the tiny recipe's problems") }
        data.packing = true
        recipe.data = .wordProblems(data)
        recipe.training.batchSize = 6
        let whole = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
        #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0, stoppingAt: 3) } == whole)
    }
}
