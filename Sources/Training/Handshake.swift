import Foundation
import Torch

extension Ranks {
    /// Refuses ranks that would not train the same thing: on every rank, with the same sentence.
    ///
    /// - Parameters:
    ///   - recipe: as this rank was given it.
    ///   - fingerprint: of this rank's training data.
    ///   - engine: this rank's version of libtorch.
    public func agree(on recipe: Recipe, fingerprint: UInt64, engine: String = Engine.version) throws {
        guard rankCount > 1 else { return }
        try agree([
            ("the version of libtorch", engine), ("the recipe", recipe.yaml()),
            ("the training data's fingerprint", String(fingerprint, radix: 16)),
        ])
    }

    /// Compares facts one by one with rank 0's.
    public func agree(_ facts: [(what: String, found: String)]) throws {
        let everyone = try gather(JSONEncoder().encode(facts.map(\.found)).map { $0 }).map {
            try JSONDecoder().decode([String].self, from: Data($0))
        }
        for (rank, others) in everyone.enumerated() {
            for ((what, _), (found, first)) in zip(facts, zip(others, everyone[0])) where found != first {
                let difference = Self.difference(found, first)
                throw RankError.mismatch(
                    what: what, rank: "rank \(rank)", found: difference.found, first: difference.first)
            }
        }
    }

    /// Of texts of many lines, the first pair that differs.
    private static func difference(_ found: String, _ first: String) -> (found: String, first: String) {
        let (ours, theirs) = (found.split(separator: "\n"), first.split(separator: "\n"))
        guard max(ours.count, theirs.count) > 1 else { return (found, first) }
        let place = zip(ours, theirs).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let line = place ?? min(ours.count, theirs.count)
        func text(_ lines: [Substring]) -> String {
            line < lines.count ? "'\(lines[line].trimmingCharacters(in: .whitespaces))'" : "at its end"
        }
        return (text(ours), text(theirs))
    }
}
