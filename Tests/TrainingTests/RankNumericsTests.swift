import Checkpoints
import Datasets
import Foundation
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Steps that are no number, on several ranks", .serialized) struct RankNumericsTests {
    private static let poisoned: Set<Int32> = [5, 17, 30]

    private static func recipe(_ policy: NonFinitePolicy, batch: Int = 8) -> Recipe {
        var recipe = tinyRecipe(epochs: batch == 1 ? 1 : 3)
        recipe.training.nonFinite = policy
        recipe.training.batchSize = batch
        if policy == .rollback { recipe.checkpoints.everySteps = 2 }
        return recipe
    }

    private static func outcome(
        _ recipe: Recipe, _ poison: PoisonedLearner.Poison, _ folder: String?, _ ranks: Ranks = .alone
    ) throws -> RankOutcome {
        let recorder = Recorder()
        let trainer = try poisonedTrainer(
            recipe, poison, examples: poisoned,
            folder: ranks.isFirst ? folder.map { RunFolder(path: $0) } : nil, among: ranks, recorder: recorder)
        _ = try trainer.run()
        return try RankOutcome(trainer, recorder)
    }

    @Test(
        "all skip the steps that one process skips, or go back where it does, and name the same examples",
        arguments: [
            (NonFinitePolicy.skip, PoisonedLearner.Poison.loss, 8), (.skip, .gradient, 8), (.skip, .loss, 1),
            (.rollback, .loss, 8), (.rollback, .gradient, 8),
        ])
    func rejections(policy: NonFinitePolicy, poison: PoisonedLearner.Poison, batch: Int) async throws {
        let recipe = Self.recipe(policy, batch: batch)
        let folders = (0..<2).map { _ in NSTemporaryDirectory() + "attent-\(UUID().uuidString)" }
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        for folder in folders {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let alone = try Self.outcome(recipe, poison, folders[0])
        #expect(Set(alone.rejections.flatMap(\.examples)) == Set(Self.poisoned.map(Int.init)))
        #expect(policy == .skip || alone.rejections.contains { $0.learnerStep < $0.step - 1 })
        let shared = try await onRanks(2) { try Self.outcome(recipe, poison, folders[1], $0) }.map { try $0.get() }
        #expect(shared[0].weights == shared[1].weights && shared[0].losses == shared[1].losses)
        for outcome in shared {
            #expect(outcome.rejections == alone.rejections)
            #expect(outcome.isNear(alone, 1e-4))
        }
    }

    @Test("all stop with the sentence of one process", arguments: [PoisonedLearner.Poison.loss, .gradient])
    func stop(poison: PoisonedLearner.Poison) async throws {
        let recipe = Self.recipe(.stop)
        let sentence = #expect(throws: TrainingError.self) { try Self.outcome(recipe, poison, nil) }?.description
        for outcome in try await onRanks(3, { try Self.outcome(recipe, poison, nil, $0) }) {
            let error = #expect(throws: TrainingError.self) { try outcome.get() }
            #expect(error?.description == sentence)
        }
    }

    @Test("without a checkpoint all say so") func noCheckpoint() async throws {
        var recipe = Self.recipe(.skip)
        recipe.training.nonFinite = .rollback
        let settings = recipe
        for outcome in try await onRanks(2, { try Self.outcome(settings, .loss, nil, $0) }) {
            guard case .failure(let error) = outcome else {
                Issue.record("a run without a checkpoint went back to one")
                continue
            }
            #expect("\(error)".hasSuffix("no checkpoint yet to roll back to, so lower checkpoints.every_steps"))
        }
    }

    /// A run in whose first step the first rank has not the memory that it needs.
    private static func trainInWant(_ recipe: Recipe, _ ranks: Ranks) throws {
        guard !ranks.isFirst else {
            _ = try poisonedTrainer(recipe, .memory, examples: Set(0..<48), among: ranks).run()
            return
        }
        let run = try TinyRun(recipe, augmentation: Augmentation(cropPadding: 0, flip: false))
        _ = try Trainer(
            recipe: recipe, learner: run.learner(), training: run.training, validation: run.validation, folder: nil,
            ranks: ranks
        ).run()
    }

    @Test("a rank that fails by itself ends the others with its sentence while it is still there")
    func ownFailure() async throws {
        let recipe = Self.recipe(.stop)
        let isOver = DispatchSemaphore(value: 0)
        let sentences = try await onRanks(3) { ranks -> String in
            do {
                try Self.trainInWant(recipe, ranks)
                return "no failure"
            } catch {
                guard ranks.isFirst else {
                    isOver.signal()
                    return "\(error)"
                }
                ranks.leave(because: error)
                // Its connections would close with it, as do those of a process.
                return withExtendedLifetime(ranks) {
                    let haveEnded = (0..<2).allSatisfy { _ in isOver.wait(timeout: .now() + 12) == .success }
                    return haveEnded ? "\(error)" : "the others still wait"
                }
            }
        }.map { try $0.get() }
        #expect(sentences[0].contains("training.micro_batch_size"), "\(sentences)")
        for sentence in sentences.dropFirst() {
            #expect(sentence.hasPrefix("rank 0 (process "), "\(sentence)")
            #expect(sentence.hasSuffix(" failed: \(sentences[0])"), "\(sentence)")
        }
    }

    @Test("a lack of memory amid what the ranks do together stays one") func memory() async throws {
        let lack = TorchError(kind: .outOfMemory, operation: "backward", shapes: [[4, 4]], message: "no memory")
        for outcome in try await onRanks(2, { try $0.together { _ -> Int in throw lack } }) {
            let error = #expect(throws: TorchError.self) { try outcome.get() }
            #expect(error == lack)
        }
    }

    @Test("an infinite gradient on one rank is every rank's") func agreement() async throws {
        let outcomes = try await onRanks(2) { ranks in
            let trainer = try poisonedTrainer(Self.recipe(.skip), .loss, examples: Self.poisoned, among: ranks)
            let norm = ranks.rank == 1 ? Double.infinity : 2
            let found = try trainer.agree(
                on: BatchOutcome(loss: 0.5, gradientNorm: norm, scores: ExampleScores(scores: [])), of: 8)
            return [found.loss, found.gradientNorm]
        }
        for outcome in outcomes { #expect(try outcome.get() == [1, .infinity]) }
    }
}
