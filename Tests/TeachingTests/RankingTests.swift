import Testing

@testable import Teaching

@Suite struct RankingTests {
    static let rankings: [Ranking] = [
        .random, .hard, .soft(Selection.Soft()), .soft(Selection.Soft(temperature: 0.5, distribution: .sigmoid)),
        .soft(Selection.Soft(distribution: .power(exponent: 2))),
    ]

    static func scores(_ count: Int, seed: UInt64 = 1) -> [Float] {
        let random = CounterRandom(seed: seed)
        return (0..<count).map { Float(random.uniform(at: UInt64($0))) * 4 - 1 }
    }

    @Test("exactly k distinct examples are chosen at every N and k", arguments: rankings)
    func counts(ranking: Ranking) {
        for count in [1, 2, 3, 4, 5, 7, 64, 101] {
            for k in 0...count {
                let draw = ranking.choose(k, from: Self.scores(count), random: CounterRandom(seed: UInt64(k)))
                #expect(draw.examples.count == k && Set(draw.examples).count == k)
                #expect(draw.examples.allSatisfy { $0 >= 0 && $0 < count })
            }
        }
    }

    @Test("k is the ceiling of ratio N, not fooled by rounding")
    func ceiling() {
        #expect(Plan.count(ratio: 0.7, of: 10) == 7)
        #expect(Plan.count(ratio: 0.55, of: 100) == 55)
        #expect(Plan.count(ratio: 0.701, of: 10) == 8)
        #expect(Plan.count(ratio: 0.001, of: 1) == 1)
        #expect(Plan.count(ratio: 1, of: 3) == 3)
    }

    @Test("hard choice is the k highest scores")
    func hard() {
        let scores = Self.scores(1000)
        let expected = Set((0..<1000).sorted { scores[$0] > scores[$1] }.prefix(300).map { Int32($0) })
        #expect(Set(Ranking.hard.choose(300, from: scores, random: CounterRandom(seed: 0)).examples) == expected)
    }

    @Test("a sampled bracket, an exact bracket and a bracket that misses give the same choice", arguments: rankings)
    func brackets(ranking: Ranking) {
        var adverse = Self.scores(4099)
        // The blocks that the sample looks at hold scores unlike all others.
        for block in stride(from: 0, to: 1024, by: 64) {
            for lane in 0..<4 { adverse[4 * block + lane] = 50 }
        }
        for scores in [Self.scores(4099), adverse, Array(repeating: 1, count: 4099)] {
            scores.withUnsafeBufferPointer { buffer in
                let keys = RankingKeys(
                    ranking: ranking, scores: buffer, random: CounterRandom(seed: 5), ceiling: .infinity)
                for k in [1, 1300, 4098] {
                    let sampled = TopK(keys: keys, ranks: Alone<Never>(), count: keys.scores.count, sampledFrom: 1000)
                        .choose(k)
                    let exact = TopK(keys: keys, ranks: Alone<Never>(), count: keys.scores.count, sampledFrom: .max)
                        .choose(k)
                    #expect(Set(sampled.examples) == Set(exact.examples) && sampled.threshold == exact.threshold)
                }
            }
        }
    }

    @Test("the chosen are those of the highest keys, as a full sort finds them", arguments: rankings)
    func agreesWithSort(ranking: Ranking) {
        let scores = Self.scores(600)
        let random = CounterRandom(seed: 9)
        let expected = scores.withUnsafeBufferPointer { buffer in
            let keys = RankingKeys(ranking: ranking, scores: buffer, random: random, ceiling: .infinity)
            let order = (0..<600).map { (key: keys.block($0 / 4).key($0 % 4), example: Int32($0)) }
            return order.sorted { $0.key > $1.key }.map(\.example)
        }
        let chosen = Set(ranking.choose(123, from: scores, random: random).examples)
        #expect(chosen == Set(expected.prefix(123)))
    }

    @Test("tied scores are chosen equally often", arguments: [Float(0), 2.5, .infinity, -.infinity, .nan])
    func ties(score: Float) {
        for ranking in [Ranking.hard, .soft(Selection.Soft())] {
            var counts = [Int](repeating: 0, count: 6)
            for seed in 0..<3000 {
                let draw = ranking.choose(
                    2, from: Array(repeating: score, count: 6), random: CounterRandom(seed: UInt64(seed)))
                for example in draw.examples { counts[Int(example)] += 1 }
            }
            // Six standard deviations of a count with mean 1000.
            #expect(counts.allSatisfy { abs($0 - 1000) < 6 * 26 })
        }
    }

    @Test(
        "unknown scores come first, then infinite ones; negative infinity comes last", arguments: rankings.dropFirst())
    func extremes(ranking: Ranking) {
        let scores: [Float] = [1, -.infinity, .infinity, 2, .nan, 3, -.infinity, 0.5]
        func chosen(_ k: Int) -> [Int32] {
            ranking.choose(k, from: scores, random: CounterRandom(seed: 4)).examples.sorted()
        }
        #expect(chosen(1) == [4])
        #expect(chosen(2) == [2, 4])
        #expect(chosen(6) == [0, 2, 3, 4, 5, 7])
    }

    @Test("zero and below come last under a power distribution")
    func powerOfZero() {
        let ranking = Ranking.soft(Selection.Soft(distribution: .power(exponent: 1)))
        for seed in 0..<50 {
            let draw = ranking.choose(2, from: [0, 0.01, -3, 5, 0], random: CounterRandom(seed: UInt64(seed)))
            #expect(draw.examples.sorted() == [1, 3])
        }
    }

    @Test("scores above a ceiling count as it")
    func outliers() {
        var first = 0
        for seed in 0..<2000 {
            let draw = Ranking.hard.choose(
                1, from: [900, 2, 2, 1], random: CounterRandom(seed: UInt64(seed)), ceiling: 2)
            first += draw.examples == [0] ? 1 : 0
            #expect(draw.examples != [3])
        }
        #expect(abs(first - 667) < 130)
    }
}
