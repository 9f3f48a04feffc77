import Checkpoints
import Datasets
import Foundation
import NN
import Teaching
import TestSupport
import Testing

@testable import Training

@Suite("Resuming", .serialized) struct ResumeTests {
    /// Everything about a run that does not depend on the clock.
    private struct Outcome: Equatable {
        var weights: [[Float]]
        var moments: [[Float]]
        var teacher: TeacherState
        var position: Trainer<ImageClassifier, ImageDataset>.Position
        var metrics: [String: Double]
        var taught: TaughtCounts?

        init(_ trainer: Trainer<ImageClassifier, ImageDataset>) throws {
            weights = try trainer.learner.parameters.entries.map { try $0.tensor.values() }
            moments = try trainer.optimizer.state.map { try $0.tensor.values() }
            (teacher, position, metrics) = (trainer.teacher.state, trainer.position, trainer.lastMetrics)
            taught = trainer.taught
        }
    }

    private static func undisturbed(_ run: TinyRun) throws -> Outcome {
        let trainer = try run.trainer()
        #expect(try trainer.run().isComplete)
        return try Outcome(trainer)
    }

    /// Stops after `step` steps, makes everything anew and goes on.
    private static func disturbed(_ run: TinyRun, at step: Int) throws -> Outcome {
        try withTemporaryFolder { folder in
            let runFolder = RunFolder(path: folder)
            let stop = StopSignal()
            let first = try run.trainer(folder: runFolder) { event in
                if case .stepped(let summary) = event, summary.step == step { stop.raise() }
            }
            #expect(try !first.run(until: stop).isComplete)
            let second = try run.trainer(folder: runFolder)
            try second.restore(runFolder.newestCheckpoint())
            #expect(try second.run().isComplete)
            return try Outcome(second)
        }
    }

    /// Takes the run up from each checkpoint that it leaves, one a step.
    private static func outcomes(
        _ run: TinyRun, reference: ImageClassifier? = nil,
        restored: (Trainer<ImageClassifier, ImageDataset>) -> Void = { _ in }
    ) throws -> [Outcome] {
        try withTemporaryFolder { folder in
            let whole = try run.trainer(folder: RunFolder(path: folder))
            whole.reference = reference
            #expect(try whole.run().isComplete)
            return try [Outcome(whole)]
                + CheckpointFolder.all(in: folder).map { checkpoint in
                    let again = try run.trainer()
                    again.reference = reference
                    try again.restore(checkpoint)
                    restored(again)
                    #expect(try again.run().isComplete)
                    return try Outcome(again)
                }
        }
    }

    private static func keepingEveryStep(_ policy: Policy) -> Recipe {
        var recipe = tinyRecipe(policy)
        (recipe.checkpoints.everySteps, recipe.checkpoints.keep) = (1, 1000)
        return recipe
    }

    @Test("a run is taken up between the last steps of a lesson of candidates too") func candidates() throws {
        // Most candidates are admitted, so that lessons end with a full batch and a rest.
        var policy = Policy.selectiveBackprop
        policy.selection = .admission(Selection.Admission(beta: 0.5))
        var leftOver: [Int] = []
        let outcomes = try Self.outcomes(TinyRun(Self.keepingEveryStep(policy))) { trainer in
            guard trainer.position.offset == trainer.teacher.lesson?.examples.count else { return }
            leftOver.append(trainer.position.pending.count)
        }
        #expect(outcomes.count > 10 && outcomes.allSatisfy { $0 == outcomes[0] })
        #expect(leftOver.contains { $0 > 0 })
    }

    @Test("scores against a reference go on as they were") func reducible() throws {
        var policy = Policy.attentSimple
        policy.score = .reducible
        let run = try TinyRun(Self.keepingEveryStep(policy))
        let other = try ImageClassifier(ParameterBuilder(seed: 9), run.learner().model.configuration)
        let outcomes = try Self.outcomes(run, reference: other)
        #expect(outcomes.count > 10 && outcomes.allSatisfy { $0 == outcomes[0] })
        policy.score = .loss
        #expect(try Self.undisturbed(TinyRun(Self.keepingEveryStep(policy))).teacher != outcomes[0].teacher)
    }

    @Test("a run stopped at any step ends with the same bits", arguments: Policy.presets)
    func everyPolicy(policy: Policy) throws {
        let run = try TinyRun(tinyRecipe(policy))
        let expected = try Self.undisturbed(run)
        for step in [1, 5, expected.position.step - 1] { #expect(try Self.disturbed(run, at: step) == expected) }
    }

    @Test("what a run killed after its last checkpoint had still to remove goes when it is taken up") func leftovers()
        throws
    {
        try withTemporaryFolder { folder in
            var recipe = tinyRecipe(.attent)
            (recipe.checkpoints.everySteps, recipe.checkpoints.keep) = (2, 2)
            let run = try TinyRun(recipe)
            #expect(try run.trainer(folder: RunFolder(path: folder)).run().isComplete)
            let kept = CheckpointFolder.all(in: folder)
            #expect(kept.count == 2)
            try FileManager.default.copyItem(atPath: kept[1].path, toPath: "\(folder)/step-1")
            let again = try run.trainer(folder: RunFolder(path: folder))
            try again.restore(kept[0])
            #expect(try again.run().isComplete)
            #expect(CheckpointFolder.all(in: folder).map(\.step) == kept.map(\.step))
        }
    }

    @Test("equal seeds give equal runs, other seeds others") func seeds() throws {
        let run = try TinyRun(tinyRecipe(.attent))
        #expect(try Self.undisturbed(run) == Self.undisturbed(run))
        var other = tinyRecipe(.attent)
        other.training.seed = 1
        #expect(try Self.undisturbed(TinyRun(other)).weights != Self.undisturbed(run).weights)
    }

    #if compiler(>=6.2)
        // In a process of its own, since dropout draws from the process's generator.
        @Test("dropout goes on where it was") func dropout() async throws {
            await #expect(processExitsWith: .success) {
                let run = try TinyRun(tinyRecipe(.attent, dropout: 0.2))
                let expected = try Self.undisturbed(run)
                #expect(try Self.disturbed(run, at: 3) == expected)
                #expect(try Self.undisturbed(TinyRun(tinyRecipe(.attent))).weights != expected.weights)
            }
        }

        @Test("dropped paths go on where they were") func dropPath() async throws {
            await #expect(processExitsWith: .success) {
                var recipe = tinyRecipe(.attent)
                recipe.training.dropPath = 0.3
                let run = try TinyRun(recipe)
                let expected = try Self.undisturbed(run)
                #expect(try Self.disturbed(run, at: 3) == expected)
                #expect(try Self.undisturbed(TinyRun(tinyRecipe(.attent))).weights != expected.weights)
            }
        }
    #endif

    @Test("mixed images, crops and decayed rates go on where they were")
    func regularization() throws {
        var recipe = tinyRecipe(.attentSimple)
        (recipe.training.mixup, recipe.training.layerDecay) = (0.4, 0.7)
        let augmentation = Augmentation(
            flip: true, crop: RandomResizedCrop(scale: 0.3...1), mixup: recipe.training.mixup)
        let run = try TinyRun(recipe, augmentation: augmentation)
        let expected = try Self.undisturbed(run)
        for step in [1, 7] { #expect(try Self.disturbed(run, at: step) == expected) }
        #expect(try Self.undisturbed(TinyRun(tinyRecipe(.attentSimple))).weights != expected.weights)
    }

    @Test("a checkpoint of other data or another teacher is refused") func foreign() throws {
        try withTemporaryFolder { folder in
            let runFolder = RunFolder(path: folder)
            let run = try TinyRun(tinyRecipe(.attent))
            _ = try run.trainer(folder: runFolder).run()
            let checkpoint = try runFolder.newestCheckpoint()
            #expect(throws: TrainingError.self) {
                try TinyRun(tinyRecipe(.attent), count: 40).trainer().restore(checkpoint)
            }
            #expect(throws: TrainingError.self) { try TinyRun(tinyRecipe(.standard)).trainer().restore(checkpoint) }
            var reseeded = tinyRecipe(.attent)
            reseeded.training.seed = 1
            for other in [tinyRecipe(.attent, epochs: 5), tinyRecipe(.attent, budget: 0.9), reseeded] {
                let error = #expect(throws: TrainingError.self) { try TinyRun(other).trainer().restore(checkpoint) }
                #expect(error?.description.contains("training.epochs 4, training.budget none, training.seed 0") == true)
            }
        }
    }

    @Test("a flipped bit in any file of a checkpoint is found, and named")
    func damage() throws {
        try withTemporaryFolder { folder in
            let run = try TinyRun(tinyRecipe())
            _ = try run.trainer(folder: RunFolder(path: folder)).run()
            let checkpoint = try RunFolder(path: folder).newestCheckpoint()
            for name in ["model.safetensors", "optimizer.safetensors", "teacher.bin", "state.json"] {
                let url = URL(fileURLWithPath: checkpoint.file(name))
                let intact = try Data(contentsOf: url)
                var data = intact
                data[data.count / 2] ^= 4
                try data.write(to: url)
                let error = #expect(throws: CheckpointError.self) { try run.trainer().restore(checkpoint) }
                #expect(error?.description.contains(name) == true)
                try intact.write(to: url)
            }
        }
    }
}
