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

@Suite("Teaching tokens", .serialized) struct TokenTeachingTests {
    private static func learner(_ selection: TokenSelection? = nil, seed: UInt64 = 3) throws -> LanguageLearner {
        Engine.threadCount = 1
        guard case .language(let settings) = tinyLanguageRecipe().model, case .fresh(var network) = settings.origin
        else { preconditionFailure("the tiny recipe is a fresh Llama's") }
        network.vocabularySize = tokenizer.vocabularySize
        var options = LanguageLearner.Options()
        options.tokens = selection
        return try LanguageLearner(ParameterBuilder(seed: seed), network, options: options)
    }

    private static let tokenizer = CharacterTokenizer(of: WordProblemSet.scalars)

    /// Texts, so that every token is taught.
    private static func data() throws -> TextDataset {
        let lines = (0..<6).map {
            let (problem, answer) = WordProblemSet(count: 6, testCount: 1, levels: 1...2).trainingProblem($0)
            return #"{"text": "\#(problem.question) \#(answer)"}"#
        }
        return try withTemporaryFolder { folder in
            let path = "\(folder)/a.jsonl"
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return try TextRecords(path).dataset(tokenizer, context: 90)
        }
    }

    /// Each example's token losses by the plain composition of logits and cross-entropy, with their graph.
    private func tokenLosses(_ learner: LanguageLearner, _ data: TextDataset) throws -> [Tensor] {
        try (0..<Int32(data.count)).map { number in
            let batch = try data.collate([number], view: .plain)
            let tokens = try Tensor(batch.tokens.map(Int64.init), shape: [1, batch.width])
            let logits = try learner.model.logits(learner.model.hidden(tokens)).squeezed(0)
            return try logits.crossEntropy(Tensor(batch.labels.map(Int64.init)), reduction: .none)
        }
    }

    /// The places of the largest values.
    private func hardest(_ values: [Float], _ count: Int) -> [Int] {
        Array(values.indices.sorted { values[$0] > values[$1] }.prefix(count))
    }

    @Test(
        "loss and gradient are those of the chosen tokens alone",
        arguments: [TokenSelection.Measure.loss, .reducible], [false, true])
    func composition(measure: TokenSelection.Measure, packed: Bool) throws {
        let data = try Self.data()
        var learner = try Self.learner(TokenSelection(share: 0.6, by: measure))
        let reference = try Self.learner(seed: 9)
        learner.reference = reference.model
        let plain = try tokenLosses(learner, data)
        let base = try measure == .reducible ? tokenLosses(reference, data).map { try $0.floats } : nil
        var expected: [Tensor] = []
        for (number, losses) in plain.enumerated() {
            var hardness = try losses.floats
            if let base { hardness = zip(hardness, base[number]).map { $0 - $1 } }
            let places = hardest(hardness, Int((0.6 * Double(hardness.count)).rounded(.up)))
            expected.append(try losses.selected(0, Tensor(places.map(Int64.init))).mean())
        }
        let content = try (packed ? data.packed(intoRowsOf: 180) : data).collate(
            Array(0..<Int32(data.count)), view: .plain)
        let taught = try learner.assess(content, elements: nil, score: .loss, isTraining: true)
        let leaves = learner.parameters.trainable.entries.map(\.tensor)
        func gradients(_ loss: Tensor) throws -> [Tensor?] {
            try Tensor.gradients(of: [loss], weightedBy: [.ones([])], withRespectTo: leaves)
        }
        let wanted = try Tensor.stacked(expected)
        #expect(try mismatch(taught.losses, wanted) == nil)
        for (found, wanted) in zip(try gradients(taught.losses.mean()), try gradients(wanted.mean())) {
            #expect(try mismatch(#require(found), #require(wanted)) == nil)
        }
        // Scores are means over all tokens.
        let means = try Tensor.stacked(try plain.map { try $0.mean() })
        #expect(try mismatch(#require(taught.scores), means.detached()) == nil)
        let judged = try learner.assess(content, elements: nil, score: nil, isTraining: false)
        #expect(try mismatch(judged.losses, means) == nil)
    }

    @Test("a run that teaches tokens learns, and resumes with the same bits") func run() throws {
        var recipe = tinyLanguageRecipe(.attentSimple, epochs: 3)
        recipe.teacher.tokens = TokenSelection(share: 0.5)
        let whole = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
        #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0, stoppingAt: 3) } == whole)
        let all = try withTemporaryFolder {
            try languageOutcome(of: tinyLanguageRecipe(.attentSimple, epochs: 3), in: $0)
        }
        #expect(all.weights != whole.weights)
        // A run is its own frozen reference: what is reducible of its losses differs from them.
        try withTemporaryFolder { folder in
            _ = try languageOutcome(of: recipe, in: folder)
            try recipe.yaml().write(toFile: RunFolder(path: folder).recipe, atomically: true, encoding: .utf8)
            recipe.reference = folder
            recipe.teacher.tokens?.measure = .reducible
            let reducible = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
            #expect(reducible.weights != whole.weights)
        }
    }

    @Test("a recipe names the share and the measure, and says where they cannot be") func recipes() throws {
        let yaml = try tinyLanguageRecipe().yaml()
        func recipe(_ overrides: String...) throws -> Recipe {
            try Recipe(yaml: yaml, source: "r.yaml", overrides: overrides)
        }
        let named = try recipe("teacher.tokens={share: 0.6}")
        #expect(named.teacher.tokens == TokenSelection(share: 0.6, by: .loss))
        let other = try recipe("teacher.tokens={share: 0.6, by: reducible}", "reference=runs/a")
        #expect(other.teacher.tokens?.measure == .reducible)
        #expect(try Recipe(yaml: other.yaml(), source: "copy") == other)
        func message(_ overrides: String..., yaml: String = yaml) -> String? {
            do { _ = try Recipe(yaml: yaml, source: "r.yaml", overrides: overrides) } catch { return "\(error)" }
            return nil
        }
        #expect(
            message("teacher.tokens={share: 0}")
                == "r.yaml: teacher setting tokens.share is 0, expected above 0 and at most 1")
        #expect(message("teacher.tokens={by: loss}")?.contains("the key teacher.tokens.share is missing") == true)
        #expect(
            message("teacher.tokens={share: 0.5, by: hardness}")?.contains(
                "teacher.tokens.by is hardness, expected one of loss, reducible") == true)
        #expect(
            message("teacher.tokens={share: 0.5, by: reducible}")
                == "r.yaml: reference is absent, expected a run folder, for teacher.tokens.by reducible")
        let images = RecipeTests.minimal
        #expect(
            message("teacher.tokens={share: 0.5}", yaml: images)
                == "r.yaml: teacher.tokens is set, expected none for the model vit")
        #expect(
            message("training.activation_checkpointing=true", yaml: images)
                == "r.yaml: training.activation_checkpointing is true, expected false for the model vit")
    }
}
