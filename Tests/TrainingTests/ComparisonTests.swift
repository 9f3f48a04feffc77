import Checkpoints
import Teaching
import Testing

@testable import Training

/// Takes for a policy's cost the time that a table says, and trains nothing.
private struct ClockedExperiment: Experiment {
    var recipe: Recipe
    let secondsByPolicy: [String: Double]
    let exampleCount = 1000
    let fingerprint: UInt64 = 0

    func with(_ recipe: Recipe) -> ClockedExperiment {
        ClockedExperiment(recipe: recipe, secondsByPolicy: secondsByPolicy)
    }

    func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, among ranks: Ranks, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary {
        let seconds = (secondsByPolicy[recipe.teacher.name] ?? .nan) * (recipe.training.budget ?? 1)
        return RunSummary(
            steps: 1, epochs: 1, examplesTaught: 1, examplesScored: 0, seconds: seconds, processorSeconds: seconds,
            secondsByPhase: [:], metrics: [:], isComplete: true)
    }

    func evaluate(_ checkpoint: CheckpointFolder) throws -> [String: Double] { [:] }
}

@Suite("Comparisons") struct ComparisonTests {
    private func comparison(_ names: [String]) throws -> Comparison {
        let experiment = ClockedExperiment(
            recipe: tinyRecipe(), secondsByPolicy: ["standard": 100, "random-elements": 125, "attent": 1000])
        return Comparison(experiment, contenders: try names.map(Contender.init), seeds: 2)
    }

    @Test("short runs find how much longer a policy's cost takes, and budgets are divided by it") func paces() throws {
        var comparison = try comparison(["standard@0.5", "random-elements@0.5", "random-elements@1", "attent@0.5"])
        let paces = try comparison.measurePaces()
        #expect(paces.keys.sorted() == ["attent", "random-elements"])
        #expect(abs((paces["random-elements"] ?? 0) - 1.25) < 1e-9)
        // Nothing is believed to be more than twice as slow.
        #expect(paces["attent"] == 2)
        comparison.paces = paces
        let budgets = comparison.cells.prefix(4).map { comparison.experiment(for: $0).recipe.training.budget }
        #expect(budgets == [0.5, 0.4, 0.8, 0.25])
    }

    @Test("each round starts with another contender, and seeds count on from the recipe's") func cells() throws {
        let cells = try comparison(["standard", "attent"]).cells
        #expect(cells.map(\.name) == ["standard-seed0", "attent-seed0", "attent-seed1", "standard-seed1"])
    }

    @Test("a contender's budget follows its name", arguments: ["standard@", "standard@x", "standard@0", "nobody@1"])
    func malformed(name: String) {
        #expect(throws: (any Error).self) { try Contender(name) }
    }
}
