import Checkpoints
import Foundation
import Training

extension ComparisonSession.Plan {
    /// More seeds than anyone trains, few enough that a list of all runs fits in memory.
    private static let mostSeeds = 10_000

    /// Reads the plan in a comparison's folder.
    ///
    /// - Throws: where there is none, or it is none that `attent compare` writes: it decides how many runs there are, and
    ///   in which folders.
    init(folder: String) throws {
        let file = ComparisonSession.planFile(folder)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw TrainingError.notARun(path: folder, reason: "it holds no comparison.json")
        }
        guard let plan = try? JSONDecoder().decode(Self.self, from: data) else {
            throw CheckpointError.malformed(
                file: file, found: "something else", expected: "a comparison's plan in JSON")
        }
        func require(_ holds: Bool, _ found: String, _ expected: String) throws {
            guard holds else { throw CheckpointError.malformed(file: file, found: found, expected: expected) }
        }
        try require(!plan.contenders.isEmpty, "no contenders", "at least one")
        try require(
            (1...Self.mostSeeds).contains(plan.seeds), "\(plan.seeds) seeds", "a number from 1 to \(Self.mostSeeds)")
        for contender in plan.contenders {
            let name = contender.policy.name
            try require(
                !name.isEmpty && !name.contains { "/\0".contains($0) }, "a contender named \"\(name)\"", "a file name")
            try require(contender.budget ?? 1 > 0, "\(name)'s budget \(contender.budget ?? 0)", "a number above 0")
        }
        for (name, pace) in plan.paces ?? [:] { try require(pace > 0, "\(name)'s pace \(pace)", "a number above 0") }
        self = plan
    }
}
