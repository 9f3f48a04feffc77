import NN
import Teaching
import Torch

extension Trainer {
    /// What all ranks make of a batch: the sum of their shares of the loss, and the scores of all its examples. With it
    /// goes whether a rank was told to stop, so that all stop after the same step.
    ///
    /// - Parameters:
    ///   - own: the scores of this rank's share.
    ///   - count: the batch's examples.
    func agree(on loss: Double, _ own: ExampleScores, of count: Int) throws -> (loss: Double, scores: ExampleScores) {
        guard ranks.rankCount > 1 else { return (loss, own) }
        let scores = own.scores.map(Double.init)
        let confidences = own.confidences?.map(Double.init) ?? []
        let largest = (count + ranks.rankCount - 1) / ranks.rankCount
        let values = [stop.isRaised ? 1 : 0, loss, Double(scores.count)] + scores + confidences
        let all = try ranks.gather(values, capacity: 3 + 2 * largest)
        isStopping = all.contains { $0[0] > 0 }
        func part(_ index: Int) -> [Float] {
            all.flatMap { values in
                let count = Int(values[2])
                return values[(3 + index * count)..<(3 + (index + 1) * count)].map { Float($0) }
            }
        }
        let total = all.reduce(0) { $0 + $1[1] }
        return (total, ExampleScores(scores: part(0), confidences: own.confidences == nil ? nil : part(1)))
    }
}

extension Recipe {
    /// Refuses what several ranks cannot do yet.
    func check(_ ranks: Ranks, learner: some Learner) throws(RankError) {
        guard ranks.rankCount > 1 else { return }
        if training.place != .cpu {
            throw .unsupported(
                what: "training.device", found: training.device, expected: "cpu, since this build has no NCCL")
        }
        if training.activationCheckpointing {
            throw .unsupported(what: "training.activation_checkpointing", found: "true", expected: "false")
        }
        if training.nonFinite != .stop {
            throw .unsupported(what: "training.non_finite", found: training.nonFinite.rawValue, expected: "stop")
        }
        if !learner.state.isEmpty {
            throw .unsupported(
                what: "the learner's balancing of tasks", found: "one with a state of its own",
                expected: "fixed weights")
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
