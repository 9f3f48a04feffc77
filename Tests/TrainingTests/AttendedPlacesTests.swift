import Datasets
import Foundation
import Models
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Patches at places that matter are shown more often", .serialized) struct AttendedPlacesTests {
    private static func recipe(_ choice: ElementSchedule.Choice) -> Recipe {
        tinyRecipe(Policy(name: "parts", elements: ElementSchedule(start: 0.4, until: 0.9, choice: choice)), epochs: 6)
    }

    private struct Told: Sendable, Equatable {
        var losses: [Double]
        var places: [UInt8]
    }

    private static func run(
        _ choice: ElementSchedule.Choice, late: Bool = false, learningRate: Double = 1e-3, _ ranks: Ranks = .alone
    ) throws -> Told {
        var recipe = recipe(choice)
        recipe.training.learningRate = learningRate
        recipe.training.gradientClipping = 0
        let (run, recorder) = (try TinyRun(recipe), Recorder())
        let trainer = try Trainer(
            recipe: recipe, learner: run.learner(), training: run.training, validation: run.validation, folder: nil,
            ranks: ranks, emit: recorder.observe)
        trainer.forcesLateReading = late
        _ = try trainer.run()
        return Told(losses: recorder.steps.map(\.loss), places: trainer.elementWorth?.bytes ?? [])
    }

    @Test("a patch's share is over the mean of those shown, and unknown for the others")
    func shares() throws {
        let run = try TinyRun(tinyRecipe())
        let (learner, content) = (try run.learner(), try run.training.collate([0, 5, 2], view: .plain))
        let indices: [Int64] = [0, 5, 9, 15, 1, 2, 3, 4, 6, 7, 8, 10]
        let shown = ElementSubset(indices: try Tensor(indices, shape: [3, 4]))
        let assessment = try learner.assess(content, elements: shown, score: .residual, isTraining: true)
        let measure = try #require(assessment.elementScores)
        let found = try measure().floats
        #expect(found.count == 3 * 16)
        for row in 0..<3 {
            let own = Array(found[row * 16..<(row + 1) * 16])
            let known = Set(indices[row * 4..<(row + 1) * 4].map(Int.init))
            #expect((0..<16).allSatisfy { known.contains($0) ? own[$0] >= 0 : own[$0] == -1 })
            #expect(abs(known.reduce(0) { $0 + own[$1] } / 4 - 1) < 1e-5)
        }
        #expect(try learner.assess(content, elements: nil, score: nil, isTraining: true).elementScores == nil)
    }

    @Test("the first step is the same as by chance, later ones are not; places are measured where it is asked for")
    func run() throws {
        let (chance, attended) = (try Self.run(.uniform), try Self.run(.attention))
        #expect(chance.losses.count == attended.losses.count && chance.losses[0] == attended.losses[0])
        #expect(chance.losses != attended.losses)
        let table = try #require(PlaceTable(bytes: attended.places, exampleCount: 48, elementCount: 16))
        #expect(chance.places.isEmpty && table.means.allSatisfy { $0 > 0 && $0 != 1 })
        let isSame = try Self.run(.attention, late: true) == attended
        #expect(isSame)
    }

    @Test("all ranks know the places of all examples, what one process knows", arguments: [2, 3])
    func ranks(count: Int) async throws {
        // Where weights move, a share that rounds to another sixteenth may change what is shown from then on.
        let alone = try Self.run(.attention, learningRate: 1e-12)
        let outcomes = try await onRanks(count) { try Self.run(.attention, learningRate: 1e-12, $0) }
        for outcome in try outcomes.map({ try $0.get() }) {
            #expect(outcome.places == alone.places)
            #expect(zip(outcome.losses, alone.losses).allSatisfy { abs($0 - $1) < 1e-4 * $1 })
        }
    }

    @Test("a run stopped at any step ends with the same bits, the places included")
    func resume() throws {
        let run = try TinyRun(Self.recipe(.attention))
        func outcome(stoppingAt step: Int?) throws -> Told {
            try withTemporaryFolder { folder in
                let (path, stop, recorder) = (RunFolder(path: folder), StopSignal(), Recorder())
                let first = try run.trainer(folder: path) { event in
                    recorder.observe(event)
                    if case .stepped(let summary) = event, summary.step == step { stop.raise() }
                }
                guard try !first.run(until: stop).isComplete else {
                    return Told(losses: recorder.steps.map(\.loss), places: first.elementWorth?.bytes ?? [])
                }
                let second = try run.trainer(folder: path, emit: recorder.observe)
                try second.restore(path.newestCheckpoint())
                _ = try second.run()
                return Told(losses: recorder.steps.map(\.loss), places: second.elementWorth?.bytes ?? [])
            }
        }
        let whole = try outcome(stoppingAt: nil)
        for step in [1, 16, 17, 20] { #expect(try outcome(stoppingAt: step) == whole) }
    }
}
