import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Steps that are no number", .serialized) struct NumericsTests {
    private static let poisoned: Set<Int32> = [5, 17]

    private func trainer(
        _ recipe: Recipe, _ poison: PoisonedLearner.Poison, folder: RunFolder? = nil, recorder: Recorder = Recorder()
    ) throws -> Trainer<PoisonedLearner, ImageDataset> {
        try poisonedTrainer(recipe, poison, examples: Self.poisoned, folder: folder, recorder: recorder)
    }

    private func recipe(_ policy: NonFinitePolicy, _ teacher: Policy = .standard, epochs: Int = 4) -> Recipe {
        var recipe = tinyRecipe(teacher, epochs: epochs)
        recipe.training.nonFinite = policy
        return recipe
    }

    private func isFinite(_ trainer: Trainer<PoisonedLearner, ImageDataset>) throws -> Bool {
        try trainer.learner.parameters.entries.allSatisfy { try $0.tensor.values().allSatisfy(\.isFinite) }
    }

    @Test("a run ends before the step does harm, and names the examples", arguments: ["loss", "gradient"])
    func stop(quantity: String) throws {
        let trainer = try trainer(recipe(.stop), quantity == "loss" ? .loss : .gradient)
        let error = try #require(throws: TrainingError.self) { try trainer.run() }
        guard case .diverged(let step, quantity, let value, let examples, _) = error else {
            return #expect(Bool(false), "the error is \(error)")
        }
        #expect(step == trainer.position.step + 1 && !value.isFinite)
        #expect(!examples.isEmpty && Self.poisoned.isSuperset(of: examples))
        #expect(error.description.hasPrefix("the \(quantity) of step \(step) is "))
        #expect(try isFinite(trainer))
    }

    @Test("a step is skipped, and a poisoned score never captures the selection") func skip() throws {
        let recorder = Recorder()
        let trainer = try trainer(recipe(.skip, .attentSimple, epochs: 6), .loss, recorder: recorder)
        #expect(try trainer.run().isComplete)
        #expect(try isFinite(trainer))
        // Each is met once, in the epoch that teaches all, and ranks lowest from then on.
        #expect(Set(recorder.rejections.flatMap(\.examples)) == Set(Self.poisoned.map(Int.init)))
        #expect(recorder.rejections.count <= 2)
        #expect(recorder.rejections.allSatisfy { $0.quantity == "loss" && $0.learnerStep == $0.step - 1 })
        #expect(trainer.teacher.table.rejectedCount == 2)
        #expect(recorder.steps.count + recorder.rejections.count == trainer.position.step)
    }

    @Test("the learner goes back to a checkpoint") func rollback() throws {
        try withTemporaryFolder { folder in
            let recorder = Recorder()
            var recipe = recipe(.rollback)
            recipe.checkpoints.everySteps = 2
            recipe.checkpoints.keep = 100
            recipe.training.batchSize = 4
            let first = try trainer(recipe, .gradient, folder: RunFolder(path: folder), recorder: recorder)
            #expect(try first.run().isComplete)
            #expect(try isFinite(first))
            let back = try #require(recorder.rejections.first { $0.learnerStep < $0.step - 1 })
            #expect(back.learnerStep.isMultiple(of: 2) && back.quantity == "gradient")
            for checkpoint in CheckpointFolder.all(in: folder) { try checkpoint.verify() }
        }
    }

    @Test("a run that is stopped between a checkpoint and the step that goes back to it ends with the same bits")
    func rollbackAcrossStop() throws {
        var recipe = recipe(.rollback)
        (recipe.checkpoints.everySteps, recipe.checkpoints.keep, recipe.training.batchSize) = (4, 1, 4)
        func rejections(stoppingAt stops: [Int]) throws -> ([RejectionSummary], [[Float]]) {
            try withTemporaryFolder { folder in
                let (path, recorder) = (RunFolder(path: folder), Recorder())
                for stop in stops.map(Optional.init) + [nil] {
                    let (signal, part) = (StopSignal(), Recorder())
                    let trainer = try poisonedTrainer(
                        recipe, .gradient, examples: Self.poisoned, folder: path,
                        emit: { event in
                            part.observe(event)
                            recorder.observe(event)
                            if case .stepped(let step) = event, step.step == stop { signal.raise() }
                        })
                    if let newest = CheckpointFolder.all(in: folder).first { try trainer.restore(newest) }
                    guard try trainer.run(until: signal).isComplete else { continue }
                    return (recorder.rejections, try trainer.learner.parameters.entries.map { try $0.tensor.values() })
                }
                return ([], [])
            }
        }
        let whole = try rejections(stoppingAt: [])
        let back = try #require(whole.0.first { $0.step - $0.learnerStep > 2 })
        let stopped = try rejections(stoppingAt: [back.step - 2, back.step - 1])
        #expect(stopped.0 == whole.0)
        #expect(zip(stopped.1, whole.1).allSatisfy { $0 == $1 } && !whole.1.isEmpty)
    }

    @Test("without a checkpoint there is nothing to roll back to, and a recipe has to ask for some")
    func noCheckpoint() throws {
        let trainer = try trainer(recipe(.rollback), .loss)
        let error = #expect(throws: TrainingError.self) { try trainer.run() }
        #expect(
            error?.description.hasSuffix("no checkpoint yet to roll back to, so lower checkpoints.every_steps") == true)
        let refusal = #expect(throws: RecipeError.self) { try recipe(.rollback).validate(source: "r") }
        #expect(
            refusal?.message
                == "checkpoints.every_steps is absent, expected a number, for training.non_finite rollback")
    }

    @Test("a learner that came to nothing ends the run under any policy") func diverged() throws {
        for policy in [NonFinitePolicy.stop, .skip] {
            var recipe = recipe(policy)
            (recipe.training.learningRate, recipe.training.gradientClipping) = (1e30, 0)
            let error = #expect(throws: TrainingError.self) { try TinyRun(recipe).trainer().run() }
            guard case .diverged(_, "loss", _, let examples, let advice) = error else {
                return #expect(Bool(false), "the error is \(String(describing: error))")
            }
            #expect(examples.count == 8)
            #expect(advice.hasSuffix(policy == .stop ? "set training.non_finite" : "so lower training.learning_rate"))
        }
    }

    @Test("a lack of memory names the batch and what to lower") func memory() throws {
        var recipe = recipe(.stop)
        recipe.training.microBatchSize = 2
        let error = #expect(throws: TrainingError.self) { try trainer(recipe, .memory).run() }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("memory ran out at step ") && text.contains(" on a batch of 8 examples, 2 at a time: "))
        #expect(text.contains("; lower training.micro_batch_size or training.batch_size ("))
    }
}
