import Foundation
import Torch

/// Whether the examples that a teacher picks are those whose teaching decreases the loss of all examples most.
public struct GreedyExperiment: Sendable {
    /// Examples to choose from.
    public var examples = 192
    /// Examples of a pick.
    public var pickSize = 16
    /// Random picks of the same size, to compare with.
    public var randomPicks = 40
    public var width = 32
    /// Steps of training, between which the three measurements are evenly spread.
    public var steps = 160
    public var seed: UInt64 = 0

    public init() {}

    /// What one step of teaching does at one moment of training.
    struct Moment {
        var step: Int
        /// Spearman's correlation between score and decrease by teaching the example alone, by score.
        var correlations: [String: Double] = [:]
        /// The share of random picks that decrease the loss less than the score's pick, by score.
        var shares: [String: Double] = [:]
        var loss = 0.0
    }

    /// The scores of the recipe, and the norm of an example's whole gradient, which is what they stand for.
    static let scores = ["loss", "residual", "ntk", "reducible", "gradient"]

    public func run(on data: TheoryData) throws -> TheoryResult {
        guard pickSize >= 1, pickSize < examples else {
            throw AntkError.setting(name: "the size of a pick", found: "\(pickSize)", expected: "1 to \(examples - 1)")
        }
        let parts = try data.parts([examples, examples], seed: seed)
        let reference = try GreedyLearner(parts[1], width: width, seed: seed &+ 1)
        try reference.train(steps: 2 * steps, seed: seed)
        let learner = try GreedyLearner(parts[0], width: width, seed: seed)
        let referenceLosses = try reference.losses(on: parts[0])
        var moments: [Moment] = []
        for third in 0...2 {
            if third > 0 { try learner.train(steps: steps / 2, seed: seed &+ UInt64(third)) }
            moments.append(try measure(learner, referenceLosses, at: third * (steps / 2)))
        }
        return report(moments)
    }

    private func measure(_ learner: GreedyLearner, _ reference: [Double], at step: Int) throws -> Moment {
        let gradients = try learner.exampleGradients()
        var scores = try learner.scores()
        scores["reducible"] = zip(scores["loss"] ?? [], reference).map { $0 - $1 }
        scores["gradient"] = try gradients.map { try squaredNorm($0).squareRoot() }
        // A step short enough for the first order, and the same for all.
        let rate = 0.02 / (try squaredNorm(learner.meanGradient(gradients))).squareRoot()
        let before = try learner.meanLoss()
        func decrease(_ picked: [Int]) throws -> Double {
            try before - learner.meanLoss(after: learner.meanGradient(picked.map { gradients[$0] }), rate: rate)
        }
        let single = try gradients.indices.map { try decrease([$0]) }
        var generator = PickGenerator(state: seed &+ UInt64(step))
        let random = try (0..<randomPicks).map { _ in
            try decrease(Array(gradients.indices.shuffled(using: &generator).prefix(pickSize)))
        }
        var moment = Moment(step: step, loss: before)
        for (name, score) in scores {
            moment.correlations[name] = rankCorrelation(score, single)
            let pick = Array(score.indices.sorted { score[$0] > score[$1] }.prefix(pickSize))
            let own = try decrease(pick)
            moment.shares[name] = Double(random.count { $0 < own }) / Double(random.count)
        }
        return moment
    }
}

extension GreedyExperiment {
    private func report(_ moments: [Moment]) -> TheoryResult {
        var figures: [String: Double] = [:]
        func mean(_ values: [Double?]) -> Double { values.compactMap { $0 }.reduce(0, +) / Double(values.count) }
        for score in Self.scores {
            figures["theory.greedy.rank_correlation.\(score)"] = mean(moments.map { $0.correlations[score] })
            figures["theory.greedy.beats_random.\(score)"] = mean(moments.map { $0.shares[score] })
        }
        let teachers = Self.scores.dropLast()
        func correlation(_ score: String) -> Double { figures["theory.greedy.rank_correlation.\(score)"] ?? .nan }
        let best = teachers.max { correlation($0) < correlation($1) } ?? ""
        let wins = teachers.filter { (figures["theory.greedy.beats_random.\($0)"] ?? 0) > 0.5 }
        return TheoryResult(
            experiment: "greedy", title: "Greedy is steepest",
            statement: """
                The teacher picks the examples whose outputs are farthest from their targets, because the functional \
                gradient is largest there and so, the theory argues, teaching them decreases the loss most. A step on a \
                set of examples decreases the loss of all by η⟨∇L, ∇L_set⟩: this depends on how well the examples' \
                gradients agree with everyone's, not on their size alone. An example of a wrong label has a large \
                gradient too. So greedy is steepest only where the examples' gradients do not oppose one another.
                """,
            equation: "L(θ) − L(θ − η∇L_set) = η⟨∇L, ∇L_set⟩ + O(η²)",
            verdict: String(
                format:
                    "Of the teacher's scores, '%@' orders the examples best by how much teaching each decreases the "
                    + "loss of all (rank correlation %.2f). Picks by %@ beat most random ones of the same size.",
                best, correlation(best), wins.isEmpty ? "none of them" : wins.joined(separator: ", ")),
            isSupported: teachers.allSatisfy { correlation($0) > 0 } && wins.count == teachers.count, figures: figures,
            settings: [
                "examples": "\(examples)", "size of a pick": "\(pickSize)", "random picks": "\(randomPicks)",
                "width": "\(width)", "steps": "\(steps)", "seed": "\(seed)",
            ],
            tables: [
                table("Rank correlation of score and decrease", moments, \.correlations),
                table("Share of random picks beaten by the score's pick", moments, \.shares),
            ])
    }

    private func table(
        _ title: String, _ moments: [Moment], _ values: (Moment) -> [String: Double]
    ) -> TheoryResult.Table {
        TheoryResult.Table(
            title: title,
            heads: ["score"] + moments.map { String(format: "step %d, loss %.2f", $0.step, $0.loss) },
            rows: Self.scores.map { score in
                [score] + moments.map { String(format: "%.2f", values($0)[score] ?? .nan) }
            })
    }
}
