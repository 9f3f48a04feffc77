import Checkpoints
import Datasets
import Teaching
import TestSupport
import Testing

@testable import Training

@Suite("Micro-batches", .serialized) struct MicroBatchTests {
    private func outcome(_ recipe: Recipe) throws -> (losses: [Double], weights: [[Float]], scores: [Float]) {
        let recorder = Recorder()
        let trainer = try TinyRun(recipe).trainer(emit: recorder.observe)
        _ = try trainer.run()
        return (
            recorder.steps.map(\.loss), try trainer.learner.parameters.entries.map { try $0.tensor.values() },
            Array(trainer.teacher.table.scores)
        )
    }

    @Test(
        "a batch in parts takes the same steps as a whole",
        arguments: [Policy.standard, .infobatch, .selectiveBackprop, .randomElements], [1, 3, 8, 100])
    func equalSteps(policy: Policy, size: Int) throws {
        var recipe = tinyRecipe(policy, epochs: 2)
        let whole = try outcome(recipe)
        recipe.training.microBatchSize = size
        let parts = try outcome(recipe)
        #expect(parts.losses.count == whole.losses.count)
        #expect(zip(parts.losses, whole.losses).allSatisfy { $0.isNear($1, 1e-4) })
        for (found, expected) in zip(parts.weights, whole.weights) {
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        for (found, expected) in zip(parts.scores, whole.scores) {
            #expect(found.isNaN == expected.isNaN && (found.isNaN || abs(found - expected) < 1e-3))
        }
    }

    @Test("parts of packed text take the same steps, and resume with the same bits", arguments: [false, true])
    func language(packing: Bool) throws {
        var recipe = tinyLanguageRecipe(.attentSimple, epochs: 2)
        guard case .wordProblems(var data) = recipe.data else { preconditionFailure("the tiny recipe's problems") }
        data.packing = packing
        recipe.data = .wordProblems(data)
        let whole = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
        recipe.training.microBatchSize = 3
        let parts = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
        for (name, values) in whole.weights {
            #expect(zip(values, try #require(parts.weights[name])).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name)")
        }
        #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0, stoppingAt: 3) } == parts)
    }

    @Test(
        "a run that makes its activations again ends with the same bits", arguments: [Policy.standard, .randomElements])
    func recomputation(policy: Policy) throws {
        var recipe = tinyLanguageRecipe(policy, epochs: 2)
        let kept = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
        recipe.training.activationCheckpointing = true
        #expect(try Recipe(yaml: recipe.yaml(), source: "copy") == recipe)
        #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) } == kept)
    }

    #if compiler(>=6.2)
        // In a process of its own, since dropout draws from the process's generator.
        @Test("dropout falls the same way when activations are made again") func dropout() async throws {
            await #expect(processExitsWith: .success) {
                var recipe = tinyLanguageRecipe(dropout: 0.3)
                let kept = try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) }
                recipe.training.activationCheckpointing = true
                #expect(try withTemporaryFolder { try languageOutcome(of: recipe, in: $0) } == kept)
                let plain = tinyLanguageRecipe()
                #expect(try withTemporaryFolder { try languageOutcome(of: plain, in: $0) }.weights != kept.weights)
            }
        }
    #endif
}
