import Foundation
import Torch

@testable import Training

/// Runs `body` as every rank of a job, each on a thread of this process; they talk over the loopback interface as
/// processes would.
///
/// - Returns: the ranks' outcomes, in order.
func onRanks<Outcome: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Ranks) throws -> Outcome
) async throws -> [Result<Outcome, any Error>] {
    let host = try Store(host: "127.0.0.1", port: 0, isHost: true, timeout: 30)
    return await withTaskGroup(of: (Int, Result<Outcome, any Error>).self) { tasks in
        for rank in 0..<count {
            let variables = [
                "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(host.port)",
                "ATTENT_TIMEOUT": "30", "TORCHELASTIC_USE_AGENT_STORE": "True",
            ]
            tasks.addTask {
                await withCheckedContinuation { continuation in
                    // Blocks a thread of its own, not one that tasks share.
                    Thread {
                        continuation.resume(returning: (rank, Result { try body(Ranks.launched(variables)) }))
                    }.start()
                }
            }
        }
        return await tasks.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

/// What a run left behind, to be compared with another's.
struct RankOutcome: Sendable {
    var losses: [Double]
    var rejections: [RejectionSummary]
    /// Of all parameters, and of what else the learner keeps.
    var weights: [Double]
    var metrics: [String: Double] = [:]

    init<L, Source>(_ trainer: Trainer<L, Source>, _ recorder: Recorder) throws {
        losses = recorder.steps.map(\.loss)
        rejections = recorder.rejections
        weights = try (trainer.learner.parameters.entries + trainer.learner.state).flatMap {
            try $0.tensor.to(.float64).values(as: Double.self)
        }
        metrics = trainer.lastMetrics
    }

    /// Whether losses and weights are another's up to rounding.
    func isNear(_ other: RankOutcome, _ tolerance: Double) -> Bool {
        func areNear(_ a: [Double], _ b: [Double]) -> Bool {
            a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
        }
        return areNear(losses, other.losses) && areNear(weights, other.weights)
    }
}
