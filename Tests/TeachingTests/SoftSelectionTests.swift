import Foundation
import Testing

@testable import Teaching

@Suite struct SoftSelectionTests {
    /// Exact probabilities of being among the first `k` of successive draws without replacement in proportion to
    /// `weights`.
    static func plackettLuce(_ weights: [Double], _ k: Int) -> [Double] {
        var inclusion = [Double](repeating: 0, count: weights.count)
        func draw(_ taken: Set<Int>, _ probability: Double) {
            guard taken.count < k else {
                for index in taken { inclusion[index] += probability }
                return
            }
            let total = weights.indices.filter { !taken.contains($0) }.reduce(0) { $0 + weights[$1] }
            for index in weights.indices where !taken.contains(index) && weights[index] > 0 {
                draw(taken.union([index]), probability * weights[index] / total)
            }
        }
        draw([], 1)
        return inclusion
    }

    static let scores: [Float] = [0.2, 1.5, 0.9, 3.0, 2.1, 0.4]

    static func frequencies(_ soft: Selection.Soft, _ k: Int, trials: Int) -> [Double] {
        var counts = [Double](repeating: 0, count: scores.count)
        for trial in 0..<trials {
            let random = CounterRandom(seed: 42, stream: UInt64(trial))
            for example in Ranking.soft(soft).choose(k, from: scores, random: random).examples {
                counts[Int(example)] += 1
            }
        }
        return counts
    }

    @Test(
        "inclusion frequencies are the exact Plackett-Luce probabilities",
        arguments: [
            Selection.Soft(), Selection.Soft(temperature: 2), Selection.Soft(temperature: 0.5),
            Selection.Soft(distribution: .sigmoid), Selection.Soft(temperature: 0.7, distribution: .power(exponent: 2)),
        ])
    func inclusion(soft: Selection.Soft) {
        let weights = Self.scores.map { score -> Double in
            let s = Double(score)
            let probability =
                switch soft.distribution {
                case .softmax: exp(s)
                case .sigmoid: 1 / (1 + exp(-s))
                case .power(let exponent): pow(s, exponent)
                }
            return pow(probability, 1 / soft.temperature)
        }
        let trials = 4000
        for k in [1, 2, 4] {
            let expected = Self.plackettLuce(weights, k)
            let counts = Self.frequencies(soft, k, trials: trials)
            let statistic = zip(counts, expected).reduce(0.0) { sum, pair in
                let mean = pair.1 * Double(trials)
                return sum + (pair.0 - mean) * (pair.0 - mean) / (mean * (1 - pair.1) + 1e-9)
            }
            // At most six unit normals squared: their sum passes 33 about once in 100,000.
            #expect(statistic < 33, "k \(k)")
        }
    }

    @Test("a low temperature approaches the hard choice, a high one the uniform")
    func temperature() {
        let trials = 2000
        let cold = Self.frequencies(Selection.Soft(temperature: 0.02), 2, trials: trials)
        #expect(cold[3] > 0.99 * Double(trials) && cold[4] > 0.99 * Double(trials))
        let hot = Self.frequencies(Selection.Soft(temperature: 1000), 2, trials: trials)
        #expect(hot.allSatisfy { abs($0 - Double(trials) / 3) < 130 })
    }

    @Test("sums over the chosen, each divided by its probability, are unbiased")
    func horvitzThompson() {
        let values = Self.scores.map { Double($0) * Double($0) + 1 }
        let truth = values.reduce(0, +)
        for soft in [Selection.Soft(), Selection.Soft(temperature: 3), Selection.Soft(distribution: .sigmoid)] {
            var sum = 0.0
            var squares = 0.0
            let trials = 6000
            for trial in 0..<trials {
                let ranking = Ranking.soft(soft)
                let draw = ranking.choose(3, from: Self.scores, random: CounterRandom(seed: 8, stream: UInt64(trial)))
                let probabilities = ranking.probabilities(of: draw, scores: Self.scores)
                let estimate = zip(draw.examples, probabilities).reduce(0) { $0 + values[Int($1.0)] / Double($1.1) }
                sum += estimate
                squares += estimate * estimate
            }
            let mean = sum / Double(trials)
            let error = ((squares / Double(trials) - mean * mean) / Double(trials)).squareRoot()
            #expect(abs(mean - truth) < 5 * error, "mean \(mean), truth \(truth), error \(error)")
        }
    }

    @Test("certain examples have probability 1, and ties share the places left")
    func certainty() {
        let ranking = Ranking.soft(Selection.Soft())
        let random = CounterRandom(seed: 1)
        func probabilities(_ k: Int, _ scores: [Float]) -> [Float] {
            ranking.probabilities(of: ranking.choose(k, from: scores, random: random), scores: scores)
        }
        #expect(probabilities(4, [1, 2, 3, 4]) == [1, 1, 1, 1])
        #expect(probabilities(2, [.nan, .nan, .nan, .nan, 5]) == [0.5, 0.5])
        #expect(probabilities(3, [1, 2, -.infinity, -.infinity]).sorted() == [0.5, 1, 1])
        let mixed = probabilities(2, [.nan, 1, 2, 3])
        #expect(mixed.contains(1) && mixed.contains { $0 < 1 })
        #expect(
            Ranking.random.probabilities(
                of: Ranking.random.choose(2, from: [1, 2, 3, 4], random: random), scores: [1, 2, 3, 4]) == [0.5, 0.5])
    }
}
