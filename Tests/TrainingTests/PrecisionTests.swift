import Datasets
import Models
import NN
import Synchronization
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

/// Passes on to a classifier, and notes at which kernels it was asked.
private final class Observed: Learner {
    let inner: ImageClassifier
    private let seen = Mutex<[(isScoring: Bool, kernels: Engine.LinearKernels)]>([])

    init(_ inner: ImageClassifier) { self.inner = inner }

    var parameters: Parameters { inner.parameters }
    var elementCount: Int { inner.elementCount }

    func kernels(scoring: Bool) -> Set<Engine.LinearKernels> {
        Set(seen.withLock { $0 }.filter { $0.isScoring == scoring }.map(\.kernels))
    }

    func assess(
        _ content: ImageBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        seen.withLock { $0.append((!isTraining, Engine.linearKernels)) }
        return try inner.assess(content, elements: elements, score: score, isTraining: isTraining)
    }

    func evaluate(_ content: ImageBatch) throws -> Tally { try inner.evaluate(content) }
}

/// Runs apart from everything else that depends on the process-wide choice of kernels.
@Suite(.serialized) struct PrecisionTests {
    private func kernels(_ policy: Policy, scoring: Precision?) throws -> (
        training: Set<Engine.LinearKernels>, scoring: Set<Engine.LinearKernels>
    ) {
        var recipe = tinyRecipe(policy, epochs: 4)
        recipe.training.scoringPrecision = scoring
        // As whoever makes a learner from a recipe does.
        let before = Engine.linearKernels
        defer { Engine.linearKernels = before }
        _ = recipe.training.precision.apply(on: .cpu)
        let run = try TinyRun(recipe)
        let learner = Observed(try run.learner())
        _ = try Trainer(
            recipe: recipe, learner: learner, training: run.training, validation: run.validation, folder: nil
        ).run()
        return (learner.kernels(scoring: false), learner.kernels(scoring: true))
    }

    @Test("Scoring passes alone run at the scoring precision")
    func scoringPass() throws {
        let found = try kernels(.attent, scoring: .fp32Fast)
        #expect(found.training == [.own])
        #expect(found.scoring == [.fast])
    }

    @Test("Candidates for admission are judged at the scoring precision")
    func admission() throws {
        let found = try kernels(.selectiveBackprop, scoring: .fp32Fast)
        #expect(found.training == [.own])
        #expect(found.scoring == [.fast])
    }

    @Test("Without one they run as training does")
    func absent() throws {
        let found = try kernels(.attent, scoring: nil)
        #expect(found.training == [.own])
        #expect(found.scoring == [.own])
    }

    @Test("bfloat16 on the CPU is a matter of kernels where it can be, of autocast elsewhere")
    func bfloat16() {
        let hasKernels = Engine.hasBFloat16Maps
        #expect(Precision.bf16.linearKernels == (hasKernels ? .bfloat16 : .own))
        #expect(Precision.bf16.computeType(on: .cpu) == (hasKernels ? nil : .bfloat16))
        #expect(Precision.bf16.computeType(on: .cuda(0)) == .bfloat16)
        #expect(Precision.fp32.computeType(on: .cuda(0)) == nil)
    }
}
