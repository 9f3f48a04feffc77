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

    /// Examples of which a step on each alone is really taken.
    public var singleSteps = 64

    /// What one step of teaching does at one moment of training.
    struct Moment {
        var step: Int
        var loss: Double
        var rate: Double
        /// Spearman's correlation between score and decrease of the loss of all by teaching the example alone, as η → 0.
        var correlations: [String: Double] = [:]
        /// The same for steps of the rate above, really taken.
        var finiteCorrelations: [String: Double] = [:]
        /// The share of random picks that decrease the loss less than the score's pick does, as η → 0.
        var shares: [String: Double] = [:]
        /// The same for steps of the rate above, really taken.
        var finiteShares: [String: Double] = [:]
        /// Both as η → 0 for steps of equal length, as Adam's are nearly: only the gradients' directions count.
        var directionCorrelations: [String: Double] = [:]
        var directionShares: [String: Double] = [:]
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
        let mean = try learner.meanGradient(gradients)
        var scores = try learner.scores()
        scores["reducible"] = zip(scores["loss"] ?? [], reference).map { $0 - $1 }
        scores["gradient"] = try gradients.map { try squaredNorm($0).squareRoot() }
        // As η → 0 a step decreases the loss by η⟨∇L, ∇ℓ_i⟩, and one on a pick by the mean of its examples'.
        let slopes = try gradients.map { try innerProduct(mean, $0) }
        let before = try learner.meanLoss()
        let rate = try learner.payingRate(mean, from: before)
        func decrease(_ picked: [Int]) throws -> Double {
            try before - learner.meanLoss(after: learner.meanGradient(picked.map { gradients[$0] }), rate: rate)
        }
        func slope(_ picked: [Int]) -> Double { picked.reduce(0) { $0 + slopes[$1] } / Double(picked.count) }
        func cosine(_ picked: [Int]) throws -> Double {
            try slope(picked) / squaredNorm(learner.meanGradient(picked.map { gradients[$0] })).squareRoot()
        }
        let singles = Array(gradients.indices.prefix(singleSteps))
        let decreases = try singles.map { try decrease([$0]) }
        var generator = PickGenerator(state: seed &+ UInt64(step))
        let random = (0..<randomPicks).map { _ in
            Array(gradients.indices.shuffled(using: &generator).prefix(pickSize))
        }
        let (randomSlopes, randomDecreases) = (random.map(slope), try random.map(decrease))
        let (cosines, randomCosines) = (try gradients.indices.map { try cosine([$0]) }, try random.map(cosine))
        var moment = Moment(step: step, loss: before, rate: rate)
        for (name, score) in scores {
            moment.correlations[name] = rankCorrelation(score, slopes)
            moment.finiteCorrelations[name] = rankCorrelation(singles.map { score[$0] }, decreases)
            let pick = Array(score.indices.sorted { score[$0] > score[$1] }.prefix(pickSize))
            moment.shares[name] = share(randomSlopes, below: slope(pick))
            moment.finiteShares[name] = share(randomDecreases, below: try decrease(pick))
            moment.directionCorrelations[name] = rankCorrelation(score, cosines)
            moment.directionShares[name] = share(randomCosines, below: try cosine(pick))
        }
        return moment
    }

    private func share(_ values: [Double], below value: Double) -> Double {
        Double(values.count { $0 < value }) / Double(values.count)
    }
}

extension GreedyExperiment {
    private func report(_ moments: [Moment]) -> TheoryResult {
        var figures: [String: Double] = [:]
        func mean(_ values: [Double?]) -> Double { values.compactMap { $0 }.reduce(0, +) / Double(values.count) }
        for score in Self.scores {
            for (name, values) in Self.measures {
                figures["theory.greedy.\(name).\(score)"] = mean(moments.map { values($0)[score] })
            }
        }
        let teachers = Self.scores.dropLast()
        func correlation(_ score: String) -> Double { figures["theory.greedy.rank_correlation.\(score)"] ?? .nan }
        let best = teachers.max { correlation($0) < correlation($1) } ?? ""
        func winners(_ figure: String) -> String {
            let names = teachers.filter { (figures["theory.greedy.\(figure).\($0)"] ?? 0) > 0.5 }
            return names.isEmpty ? "none of them" : names.joined(separator: ", ")
        }
        let (limit, finite) = (winners("beats_random"), winners("finite_beats_random"))
        let direction = winners("direction_beats_random")
        return TheoryResult(
            experiment: "greedy", title: "Greedy is steepest",
            statement: Self.statement,
            equation: "L(θ) − L(θ − η∇L_set) = η⟨∇L, ∇L_set⟩ + O(η²)",
            verdict: String(
                format:
                    "Of the teacher's scores, '%@' orders the examples best by how much teaching each decreases the "
                    + "loss of all (rank correlation %.2f as η → 0).", best, correlation(best))
                + " Picks that beat most random ones of their size as η → 0: by \(limit); with steps of equal length: by "
                + "\(direction); with steps of a practical rate: by \(finite).",
            isSupported: limit == teachers.joined(separator: ", ") && finite == limit, figures: figures,
            settings: [
                "examples": "\(examples)", "size of a pick": "\(pickSize)", "random picks": "\(randomPicks)",
                "width": "\(width)", "steps": "\(steps)", "seed": "\(seed)",
                "rates": moments.map { String(format: "%.2g", $0.rate) }.joined(separator: ", "),
            ],
            tables: zip(Self.titles, Self.measures).map { table($0, moments, $1.values) })
    }

    private static let measures: [(name: String, values: @Sendable (Moment) -> [String: Double])] = [
        ("rank_correlation", { $0.correlations }), ("direction_rank_correlation", { $0.directionCorrelations }),
        ("finite_rank_correlation", { $0.finiteCorrelations }), ("beats_random", { $0.shares }),
        ("direction_beats_random", { $0.directionShares }), ("finite_beats_random", { $0.finiteShares }),
    ]

    private static let titles = [
        "Rank correlation of score and decrease", "Share of random picks beaten by the score's pick",
    ]
    .flatMap { title in
        ["small steps of equal rate", "small steps of equal length", "steps of equal rate taken"].map {
            "\(title): \($0)"
        }
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

extension GreedyExperiment {
    private static let statement = """
        The teacher picks the examples whose outputs are farthest from their targets, because the functional \
        gradient is largest there and so, the theory argues, teaching them decreases the loss most. A step on a \
        set of examples decreases the loss of all by η⟨∇L, ∇L_set⟩: this depends on how well the examples' \
        gradients agree with everyone's, not on their size alone. Longer steps lose to curvature, the more the \
        larger the gradient. So greedy is steepest only for small steps, and where the examples' gradients do not \
        oppose one another. Steps that are taken have the largest rate, out of halvings, at which teaching all \
        examples still decreases the loss by half of what the slope promises.
        """
}
