import Checkpoints
import Foundation
import Teaching
import Testing

@testable import Training

/// Takes for a policy's cost the time that a table says, and trains nothing.
private struct ClockedExperiment: Experiment {
    var recipe: Recipe
    let secondsByPolicy: [String: Double]
    /// Of the cost that is planned.
    var spentShare = 1.0
    let exampleCount = 1000
    let fingerprint: UInt64 = 0

    func with(_ recipe: Recipe) -> ClockedExperiment {
        var experiment = self
        experiment.recipe = recipe
        return experiment
    }

    func train(
        in folder: RunFolder?, from checkpoint: CheckpointFolder?, among ranks: Ranks, until stop: StopSignal,
        emit: @escaping (TrainingEvent) throws -> Void
    ) throws -> RunSummary {
        let isAdmitting = if case .admission = recipe.teacher.selection { true } else { false }
        let share = (recipe.training.budget ?? 1) * (isAdmitting ? spentShare : 1)
        let cost = share * Double(recipe.training.epochs * exampleCount)
        let scored = isAdmitting ? cost.rounded() : 0
        let taught = (cost - recipe.teacher.scoringCost * scored).rounded()
        let seconds = (secondsByPolicy[recipe.teacher.name] ?? .nan) * share
        return RunSummary(
            steps: 1, epochs: 1, examplesTaught: Int(taught), examplesScored: Int(scored), seconds: seconds,
            processorSeconds: seconds,
            secondsByPhase: [:], metrics: [:], isComplete: true)
    }

    func evaluate(_ checkpoint: CheckpointFolder) throws -> [String: Double] { [:] }
}

@Suite("Comparisons") struct ComparisonTests {
    private func comparison(_ names: [String]) throws -> Comparison {
        let experiment = ClockedExperiment(
            recipe: tinyRecipe(), secondsByPolicy: ["standard": 100, "random-elements": 125, "attent": 1000])
        return Comparison(experiment, contenders: try names.map { try Contender($0) }, seeds: 2)
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
        // By another clock all take the same.
        let equal = try comparison.measurePaces(of: { _ in 7 })
        #expect(equal == ["attent": 1, "random-elements": 1])
    }

    @Test("a short run that spends less than planned is not believed to be fast") func unspent() throws {
        var experiment = ClockedExperiment(
            recipe: tinyRecipe(), secondsByPolicy: ["standard": 100, "selective-backprop": 130])
        experiment.spentShare = 0.6
        let contenders = [try Contender("standard"), try Contender("selective-backprop")]
        let paces = try Comparison(experiment, contenders: contenders, seeds: 1).measurePaces()
        #expect(abs((paces["selective-backprop"] ?? 0) - 1.3) < 0.01)
    }

    @Test("in a table each contender runs once, and the recipe's teacher has the recipe's settings") func table() throws
    {
        var teacher = Policy.attentPlus
        teacher.warmUp = 3
        let names = ["standard", "attent-plus", "standard", "attent-plus-b4@0.5", "standard@1"]
        let found = try Contender.table(names, teacher: teacher)
        #expect(found.map(\.policy.name) == ["standard", "attent-plus", "attent-plus-b4@0.5", "standard@1"])
        #expect(found.map(\.policy.warmUp) == [0, 3, 3, 0])
        #expect(try Contender("attent-plus", teacher: .attent).policy == .attentPlus)
        teacher.name = "mine"
        #expect(try Contender("mine@0.5", teacher: teacher).policy.warmUp == 3)
        teacher.name = "standard"
        let error = #expect(throws: TrainingError.self) { try Contender("standard@1", teacher: teacher) }
        #expect(try #require(error).description.contains("standard with settings of its own"))
    }

    @Test("each round starts with another contender, and seeds count on from the recipe's") func cells() throws {
        let cells = try comparison(["standard", "attent"]).cells
        #expect(cells.map(\.name) == ["standard-seed0", "attent-seed0", "attent-seed1", "standard-seed1"])
    }

    @Test("a contender's batch follows its policy's name, and is part of its own") func batches() throws {
        let experiment = ClockedExperiment(
            recipe: tinyRecipe(), secondsByPolicy: ["standard": 100, "standard-b4": 150, "attent-plus-b4": 130])
        let names = ["standard@1", "standard-b4@1", "attent-plus-b4@0.5", "attent-plus-b4@1"]
        var comparison = Comparison(experiment, contenders: try names.map { try Contender($0) }, seeds: 1)
        comparison.paces = try comparison.measurePaces()
        #expect(comparison.paces == ["standard-b4": 1.5, "attent-plus-b4": 1.3])
        let recipes = comparison.cells.map { comparison.experiment(for: $0).recipe }
        #expect(recipes.map(\.training.batchSize) == [experiment.recipe.training.batchSize, 4, 4, 4])
        #expect(recipes.map(\.teacher.name) == names)
        let budgets: [Double?] = [1, 1 / 1.5, 0.5 / 1.3, 1 / 1.3]
        #expect(recipes.map(\.training.budget) == budgets)
        let again = try JSONDecoder().decode(Contender.self, from: JSONEncoder().encode(Contender("standard-b4@1")))
        #expect(again.batchSize == 4 && again.base == "standard-b4")
    }

    @Test("a contender's learning rate and warm-up follow its batch, and the recipe's are kept where it has none")
    func rates() throws {
        let recipe = tinyRecipe()
        var found = recipe
        try Contender("attent-plus-b128-lr1e-3-w0.1@0.5").apply(to: &found)
        #expect(found.teacher.name == "attent-plus-b128-lr1e-3-w0.1@0.5")
        #expect(found.training.batchSize == 128 && found.training.learningRate == 1e-3)
        #expect(found.training.warmup == 0.1 && found.training.budget == recipe.training.budget)
        found = recipe
        let rate = try Contender("random-elements-lr0.02@1")
        rate.apply(to: &found)
        #expect(rate.base == "random-elements-lr0.02" && rate.budget == 1)
        #expect(found.training.learningRate == 0.02 && found.training.batchSize == recipe.training.batchSize)
        #expect(found.training.warmup == recipe.training.warmup)
        #expect(try JSONDecoder().decode(Contender.self, from: JSONEncoder().encode(rate)) == rate)
    }

    @Test("over budgets each policy runs at all of them, one with a budget of its own at that alone, each once")
    func overBudgets() throws {
        let names = ["standard", "attent", "attent-plus@0.5", "random-elements@1.0", "standard@0.75", "standard@1"]
        let found = try Contender.overBudgets(names, ["0.5", "1"]).map(\.policy.name)
        let expected = [
            "standard@0.5", "attent@0.5", "attent-plus@0.5", "standard@0.75", "standard@1", "attent@1",
            "random-elements@1.0",
        ]
        #expect(found == expected)
    }

    @Test(
        "a comparison over budgets needs standard training's full run",
        arguments: [["standard@0.5", "attent"], ["attent@1"], ["standard-b4"], ["attent-plus"]])
    func withoutBaseline(names: [String]) throws {
        let error = #expect(throws: TrainingError.self) { try Contender.overBudgets(names, ["0.5", "1"]) }
        #expect(try #require(error).description.contains("standard@1 among them"))
    }

    @Test(
        "what follows a contender's name is a number in its range",
        arguments: [
            "standard@", "standard@x", "standard@0", "nobody@1", "standard-b0", "standard-b", "nobody-b4", "@1", "-b4",
            "standard-lr0", "standard-lr1.2.3", "standard-lr1e-3-b4", "standard-lr1e999", "standard-w1",
            "standard-w-0.1", "standard-b99999999999999999999",
        ])
    func malformed(name: String) {
        #expect(throws: (any Error).self) { try Contender(name) }
    }
}
