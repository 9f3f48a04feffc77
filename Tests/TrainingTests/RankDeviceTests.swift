import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("The devices of several ranks", .serialized) struct RankDeviceTests {
    private static func recipe(on device: String) -> Recipe {
        var recipe = tinyRecipe(epochs: 2)
        recipe.training.device = device
        return recipe
    }

    @Test("cuda is the device of a rank's number on its machine, and stays cuda in the recipe that all share")
    func places() async throws {
        let asked = Self.recipe(on: "cuda")
        for (rank, outcome) in try await onRanks(3, { try asked.placed(among: $0, deviceCount: 3) }).enumerated() {
            let placed = try outcome.get()
            #expect(placed.training.place == .cuda(rank))
            #expect(try placed.yaml() == asked.yaml())
        }
        #expect(try asked.placed(among: .alone, deviceCount: 2).training.place == .cuda(0))
        for device in ["cpu", "cuda:1"] {
            let named = Self.recipe(on: device)
            for outcome in try await onRanks(2, { try named.placed(among: $0, deviceCount: 2) }) {
                #expect(try outcome.get() == named)
            }
        }
    }

    @Test("where a rank has no device of its number all ranks say so, and ranks that share one are told apart")
    func refusals() async throws {
        let asked = Self.recipe(on: "cuda")
        for outcome in try await onRanks(2, { try asked.placed(among: $0, deviceCount: 1) }) {
            let error = #expect(throws: RankError.self) { try outcome.get() }
            let sentence = "rank 1: the environment variable LOCAL_RANK is 1, expected below 1"
            #expect(error?.description.hasPrefix(sentence) == true)
        }
        #expect(Ranks.sharedDevice(["GPU-a", "GPU-b", "GPU-c"]) == nil)
        #expect(
            Ranks.sharedDevice(["GPU-a", "GPU-b", "GPU-b"])?.description
                == "the device of rank 2 is that of rank 1 (GPU-b), expected one of its own in a run of several ranks")
    }

    @Test("what keeps one rank from its part, all say in the same sentence, and go on together after it")
    func everyone() async throws {
        let outcomes = try await onRanks(3) { ranks in
            let all = try ranks.everyone { "\(10 * ranks.rank)" }
            let error = #expect(throws: RankError.self) {
                try ranks.everyone {
                    guard ranks.rank != 1 else { throw RankError.ended("no luck") }
                    return ""
                }
            }
            return (all, error, try ranks.sum([1]))
        }
        for outcome in outcomes {
            let (all, error, sum) = try outcome.get()
            #expect(all == ["0", "10", "20"] && sum == [3])
            #expect(error == .ended("rank 1: no luck"))
        }
    }

    @Test(
        "without NCCL all ranks say what is missing",
        .enabled(if: !CommunicationBackend.nccl.isAvailable, "NCCL is there"))
    func missing() async throws {
        let reason = try #require(CommunicationBackend.nccl.absence?.description)
        #expect(reason.hasPrefix("nccl cannot be used: ") && !reason.contains("\n"))
        for outcome in try await onRanks(2, { try $0.connect(.cuda($0.rank)) }) {
            let error = #expect(throws: RankError.self) { try outcome.get() }
            #expect(error == .ended("rank 0: \(reason)"))
        }
    }

    @Test("a run whose ranks wait for their devices after each pass is the same run, bit for bit")
    func settling() async throws {
        var recipe = Self.recipe(on: "cpu")
        recipe.training.nonFinite = .skip
        let settings = recipe
        func outcomes(_ waits: Bool) async throws -> [RankOutcome] {
            try await onRanks(2) { ranks in
                // What is done on a CUDA device, on the CPU.
                if waits { try ranks.setMark(on: .cpu) }
                let recorder = Recorder()
                let trainer = try poisonedTrainer(
                    settings, .gradient, examples: [5], among: ranks, recorder: recorder)
                _ = try trainer.run()
                return try RankOutcome(trainer, recorder)
            }.map { try $0.get() }
        }
        let (waiting, plain) = (try await outcomes(true), try await outcomes(false))
        for (found, expected) in zip(waiting, plain) {
            #expect(found.weights == expected.weights && found.losses == expected.losses && !found.losses.isEmpty)
        }
    }

    @Test("who waits for a device learns that a rank is lost, and is left in peace while all live")
    func watching() throws {
        let store = try Store(host: "127.0.0.1", port: 0, isHost: true, timeout: 20)
        func environment(_ rank: Int) throws -> RankEnvironment {
            try #require(
                try RankEnvironment([
                    "RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(store.port)",
                    "ATTENT_TIMEOUT": "20", "TORCHELASTIC_USE_AGENT_STORE": "True",
                ]))
        }
        let living = try (0..<2).map { try RollCall(environment($0), store, name: "living") }
        let end = Date(timeIntervalSinceNow: 7)
        try living[0].watch { Date() > end }
        let bereft = try RollCall(environment(0), store, name: "bereft")
        try store.set("bereft/beat/1", to: [7])
        let start = Date()
        let error = #expect(throws: POSIXError.self) { try bereft.watch { Date() > start + 15 } }
        #expect(error?.code == .ECONNRESET && Date() < start + 12)
    }
}
