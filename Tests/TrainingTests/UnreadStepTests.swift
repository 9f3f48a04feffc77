import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

/// What CUDA does, on the CPU: outcomes that are read a step late.
@Suite("Steps that are read late", .serialized) struct UnreadStepTests {
    /// What a run said, but for its times.
    private struct Told: Equatable {
        var steps: [[Double]] = []
        var evaluations: [[Double]] = []
        var weights: [[UInt8]] = []
    }

    private func run(_ recipe: Recipe, late: Bool) throws -> Told {
        let recorder = Recorder()
        let trainer = try TinyRun(recipe).trainer(emit: recorder.observe)
        trainer.forcesLateReading = late
        #expect(try trainer.run().isComplete)
        #expect(trainer.unread == nil)
        return Told(
            steps: recorder.steps.map {
                [
                    Double($0.step), $0.progress, Double(Float($0.loss)), $0.learningRate,
                    Double(Float($0.gradientNorm)),
                    Double($0.examplesTaught), Double($0.examplesScored), $0.elementShare,
                ]
            },
            evaluations: recorder.evaluations.map { [Double($0.step), $0.progress, $0.metrics["accuracy"] ?? -1] },
            weights: try trainer.learner.parameters.entries.map { try $0.tensor.bytes() })
    }

    @Test(
        "The run is the same to the bit, and every event says the same",
        arguments: [Policy.standard, .attent, .attentSimple, .infobatch, .selectiveBackprop])
    func same(policy: Policy) throws {
        var recipe = tinyRecipe(policy, epochs: 5)
        // Clipping by a factor that the host has not read rounds differently.
        recipe.training.gradientClipping = 0
        #expect(try run(recipe, late: true) == run(recipe, late: false))
    }

    @Test("Checkpoints are made after the same steps, and hold the same")
    func checkpoints() throws {
        var recipe = tinyRecipe(.attentSimple, epochs: 4)
        recipe.training.gradientClipping = 0
        recipe.checkpoints.everySteps = 5
        func saved(late: Bool) throws -> [Int: [[UInt8]]] {
            try withTemporaryFolder { path in
                let run = try TinyRun(recipe)
                let learner = try run.learner()
                var saved: [Int: [[UInt8]]] = [:]
                let trainer = try Trainer(
                    recipe: recipe, learner: learner, training: run.training, validation: run.validation,
                    folder: RunFolder(path: path)
                ) { event in
                    guard case .checkpointed(let checkpoint) = event else { return }
                    saved[checkpoint.step] = try learner.parameters.entries.map { try $0.tensor.bytes() }
                }
                trainer.forcesLateReading = late
                _ = try trainer.run()
                return saved
            }
        }
        let found = try saved(late: true)
        #expect(found.keys.count > 2 && found.keys.contains(5))
        #expect(try found == saved(late: false))
    }

    @Test("A poisoned step ends the run with the weights it was taken with, and names the example")
    func poisoned() throws {
        let poison: Set<Int32> = [5, 17]
        let trainer = try poisonedTrainer(tinyRecipe(), .loss, examples: poison, folder: nil, recorder: Recorder())
        trainer.forcesLateReading = true
        let error = try #require(throws: TrainingError.self) { try trainer.run() }
        guard case .diverged(let step, _, let value, let examples, _) = error else {
            return #expect(Bool(false), "the error is \(error)")
        }
        #expect(step == trainer.position.step + 1 && !value.isFinite)
        #expect(!examples.isEmpty && poison.isSuperset(of: examples))
        let weights = try trainer.learner.parameters.entries.map { try $0.tensor.values() }
        #expect(weights.allSatisfy { $0.allSatisfy(\.isFinite) })
    }
}
