import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Trainer") struct TrainerTests {
    @Test("it learns") func learns() throws {
        var recipe = tinyRecipe(epochs: 30)
        recipe.training.learningRate = 3e-3
        let summary = try TinyRun(recipe).trainer().run()
        #expect((summary.metrics["val/accuracy"] ?? 0) > 0.9)
        #expect(summary.examplesTaught == 30 * 48)
        #expect(summary.steps == 30 * 6)
    }

    @Test("the learning rate is fully decayed at every policy's end, at any budget", arguments: Policy.presets)
    func decayed(policy: Policy) throws {
        for budget in [nil, 0.5, 1] {
            let recorder = Recorder()
            let summary = try TinyRun(tinyRecipe(policy, epochs: 6, budget: budget)).trainer(emit: recorder.observe)
                .run()
            let last = try #require(recorder.steps.last)
            #expect(last.progress == 1)
            #expect(last.learningRate < 0.1 * 1e-3)
            #expect(zip(recorder.steps, recorder.steps.dropFirst()).allSatisfy { $0.progress <= $1.progress })
            #expect(summary.examplesTaught == last.examplesTaught)
            #expect(recorder.evaluations.last?.progress == 1)
        }
    }

    @Test("a budget is what is spent on standard training") func budget() throws {
        let full = try TinyRun(tinyRecipe(.standard, epochs: 8)).trainer().run()
        let half = try TinyRun(tinyRecipe(.standard, epochs: 8, budget: 0.5)).trainer().run()
        #expect(half.examplesTaught * 2 == full.examplesTaught)
    }

    @Test("a batch larger than the selection is refused") func batchTooLarge() throws {
        var recipe = tinyRecipe(.attent)
        recipe.training.batchSize = 40
        #expect(
            throws: TrainingError.batchLargerThanSelection(batch: 40, selection: 10, policy: "attent")
        ) { try TinyRun(recipe).trainer() }
    }

    @Test("time goes to the phases that are measured") func phases() throws {
        let summary = try TinyRun(tinyRecipe(.attent)).trainer().run()
        #expect(abs(summary.secondsByPhase.values.reduce(0, +) - summary.seconds) < 1e-9)
        for phase in ["data", "forward", "backward", "optimizer", "scoring"] {
            #expect((summary.secondsByPhase[phase] ?? 0) > 0, "no time for \(phase)")
        }
        #expect(summary.examplesScored > 0)
    }
}

@Suite("Scores") struct ScoreTests {
    private func scores(_ kind: Policy.ScoreKind, _ numbers: [Int32]) throws -> [Float] {
        let run = try TinyRun(tinyRecipe())
        let content = try run.training.collate(numbers, view: .plain)
        let assessment = try run.learner().assess(content, elements: nil, score: kind, isTraining: false)
        return try #require(assessment.scores).values()
    }

    @Test("do not depend on batch-mates", arguments: [Policy.ScoreKind.loss, .residual, .ntk])
    func independence(kind: Policy.ScoreKind) throws {
        let together = try scores(kind, [3, 7, 11, 20])
        let alone = try scores(kind, [11])
        #expect(Double(together[2]).isNear(Double(alone[0]), 1e-5))
    }

    @Test("residual is the norm of the loss's gradient with respect to the logits") func residual() throws {
        let run = try TinyRun(tinyRecipe())
        let learner = try run.learner()
        let content = try run.training.collate([5], view: .plain)
        let logits = try learner.model.logits(Tensor(content.pixels, shape: content.shape)).detached()
            .requiringGradient()
        try logits.crossEntropy(Tensor(content.labels)).backward()
        let norm = try #require(try logits.gradient()).norm().item()
        #expect(try Double(scores(.residual, [5])[0]).isNear(norm, 1e-5))
    }

    @Test("ntk is the norm of J Jᵀ times the gradient, over the last layer") func ntk() throws {
        let run = try TinyRun(tinyRecipe())
        let learner = try run.learner()
        let content = try run.training.collate([5], view: .plain)
        let logits = try learner.model.logits(Tensor(content.pixels, shape: content.shape))
        let parameters = [learner.model.classifier.weight, try #require(learner.model.classifier.bias)]
        // Row i of J is d(logit i)/d(parameters).
        let rows = try (0..<2).map { output in
            let gradients = try Tensor.gradients(
                of: [logits.sliced(1, output..<output + 1).sum()], weightedBy: [Tensor(1)], withRespectTo: parameters,
                retainGraph: true)
            return try Tensor.concatenated(gradients.map { try #require($0).reshaped(-1) }, 0)
        }
        let jacobian = try Tensor.stacked(rows)
        let residual = try logits.softmax(-1).detached() - Tensor(content.labels).oneHot(classes: 2).to(.float32)
        let expected = try jacobian.matmul(jacobian.transposed(0, 1)).matmul(residual.reshaped(2, 1)).norm().item()
        #expect(try Double(scores(.ntk, [5])[0]).isNear(expected, 1e-4))
    }

    @Test("reducible takes the reference's losses off") func reducible() throws {
        var policy = Policy.attent
        policy.score = .reducible
        let run = try TinyRun(tinyRecipe(policy))
        let trainer = try run.trainer()
        #expect(throws: TrainingError.self) { try trainer.run() }
        trainer.reference = try run.learner()
        // A learner is no better or worse than itself.
        try trainer.measureReference()
        _ = try trainer.nextLesson()
        #expect(trainer.teacher.table.scores.allSatisfy { abs($0) < 1e-6 })
    }
}
