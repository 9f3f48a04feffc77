import NN
import Teaching
import Torch

extension Trainer {
    /// What all ranks make of a batch. With it goes whether a rank was told to stop, so that all stop after the same step.
    ///
    /// - Parameters:
    ///   - own: what this rank's share comes to.
    ///   - count: the batch's examples.
    func agree(on own: BatchOutcome, of count: Int) throws -> BatchOutcome {
        guard ranks.rankCount > 1 else { return own }
        let scores = own.scores.scores.map(Double.init)
        let confidences = own.scores.confidences?.map(Double.init) ?? []
        let largest = (count + ranks.rankCount - 1) / ranks.rankCount
        let facts = [stop.isRaised ? 1 : 0, own.loss, own.gradientNorm, Double(scores.count)]
        let all = try ranks.gather(facts + scores + confidences, capacity: facts.count + 2 * largest)
        isStopping = all.contains { $0[0] > 0 }
        func part(_ index: Int) -> [Float] {
            all.flatMap { values in
                let count = Int(values[3])
                return values[(facts.count + index * count)..<(facts.count + (index + 1) * count)].map { Float($0) }
            }
        }
        let norms = all.map { $0[2] }
        let codes = recordsElements ? try ranks.gathered(own.elementCodes).flatMap { $0 } : []
        return BatchOutcome(
            loss: all.reduce(0) { $0 + $1[1] }, gradientNorm: norms.first { !$0.isFinite } ?? norms[0],
            scores: ExampleScores(scores: part(0), confidences: own.scores.confidences == nil ? nil : part(1)),
            elementCodes: codes)
    }

    /// Has the learner adapt to a step's batch.
    ///
    /// - Parameters:
    ///   - statistics: the sums over this rank's examples; nil for a learner that does not adapt.
    ///   - count: the batch's examples.
    func adapt(to statistics: Tensor?, of count: Int) throws {
        guard let statistics else { return }
        _ = try ranks.together { try $0.allReduce(statistics).wait() }
        try learner.adapt(to: statistics / Double(count))
    }
}

/// What a batch comes to, of which a rank knows its own share.
struct BatchOutcome {
    /// The batch's mean loss: the ranks' shares of it add up.
    var loss = 0.0
    /// That of the averaged gradient, the same on all ranks; infinite or not a number where it is so on any.
    var gradientNorm = 0.0
    var scores: ExampleScores
    /// Those of its examples' elements, for an ``ElementWorth``; none where that is not asked for.
    var elementCodes: [UInt8] = []
}

extension Recipe {
    /// Refuses what several ranks cannot do.
    public func check(_ ranks: Ranks) throws(RankError) {
        guard ranks.rankCount > 1 else { return }
        if training.place == .mps {
            throw .unsupported(what: "training.device", found: training.device, expected: "cpu or cuda")
        }
    }
}

extension Ranks {
    /// The sum of all ranks' tallies.
    func total(_ tally: Tally) throws -> Tally {
        guard rankCount > 1 else { return tally }
        let names = tally.entries.keys.sorted()
        let numbers = names.flatMap { name in tally.entries[name].map { [$0.x, $0.y] } ?? [] }
        let allNames = try gather(Array(names.joined(separator: "\n").utf8)).map { String(decoding: $0, as: UTF8.self) }
        let allNumbers = try gathered(numbers)
        var total = Tally()
        for (names, numbers) in zip(allNames, allNumbers) {
            for (place, name) in names.split(separator: "\n").enumerated() {
                total.add(numbers[2 * place], weight: numbers[2 * place + 1], to: String(name))
            }
        }
        return total
    }
}
