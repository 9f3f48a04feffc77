import TeachingSimulation
import Testing

@testable import Teaching

/// Choices found from histograms against those of one rank.
@Suite struct ShardedRankingTests {
    static let rankings: [Ranking] = [
        .random, .hard, .soft(Selection.Soft()),
        .soft(Selection.Soft(temperature: 0.3, distribution: .sigmoid)),
        .soft(Selection.Soft(temperature: 2, distribution: .power(exponent: 1.5))),
    ]

    /// Scores with ties, infinities and unknown ones.
    static func scores(_ count: Int, seed: UInt64) -> [Float] {
        let random = CounterRandom(seed: seed)
        return (0..<count).map { index in
            switch random.bits(at: UInt64(index)) % 64 {
            case 0: .nan
            case 1: -.infinity
            case 2: .infinity
            case 3..<20: 1
            default: Float(random.gumbel(at: UInt64(index)))
            }
        }
    }

    @Test(
        "the shards' choices are one rank's, whatever the ranking, the share and the number of ranks",
        arguments: rankings)
    func choices(ranking: Ranking) throws {
        for (seed, count) in [(1, 1), (2, 9), (4, 2051)] as [(UInt64, Int)] {
            let scores = Self.scores(count, seed: seed)
            let random = CounterRandom(seed: seed, stream: 5)
            for k in [1, count / 3, count - 1, count] {
                let whole = ranking.choose(k, from: scores, random: random)
                for ranks in k == count / 3 ? [1, 2, 3, 8] : [3] {
                    let outcomes = SimulatedRank.run(ranks) { rank in
                        Result { try Self.choice(k, by: ranking, of: scores, random: random, rank) }
                    }
                    let all = try outcomes.map { try $0.get() }
                    #expect(all.flatMap(\.own) == whole.examples.sorted())
                    for one in all { #expect(one.draw == whole) }
                }
            }
        }
    }

    static func choice(
        _ k: Int, by ranking: Ranking, of scores: [Float], random: CounterRandom, _ rank: SimulatedRank
    ) throws -> (own: [Int32], draw: Draw) {
        let shard = Shard(rank: rank.rank, of: rank.rankCount, exampleCount: scores.count).examples
        let own = Array(scores[shard])
        return (
            try ranking.chooseShard(k, of: scores.count, from: own, random: random, among: rank),
            try ranking.choose(
                k, of: scores.count, from: own, first: shard.lowerBound, random: random, among: rank)
        )
    }

    @Test("samples and screens of shards leave the choice as it is, also among ties", arguments: rankings)
    func sampled(ranking: Ranking) throws {
        for scores in [Self.scores(12_003, seed: 8), Array(repeating: 1, count: 12_003)] {
            let random = CounterRandom(seed: 3)
            let whole = ranking.choose(2001, from: scores, random: random)
            let outcomes = SimulatedRank.run(3) { rank in
                Result {
                    let shard = Shard(rank: rank.rank, of: 3, exampleCount: scores.count).examples
                    return try scores[shard].withUnsafeBufferPointer { buffer in
                        let keys = RankingKeys(
                            ranking: ranking, scores: buffer, random: random, ceiling: .infinity,
                            first: shard.lowerBound)
                        let top = TopK(
                            keys: keys, ranks: rank, count: scores.count, sampledFrom: 1000, screenedFrom: 1000)
                        return (try top.chooseShard(2001), try top.choose(2001))
                    }
                }
            }
            let all = try outcomes.map { try $0.get() }
            #expect(all.flatMap(\.0) == whole.examples.sorted())
            for one in all {
                #expect(one.1.examples.sorted() == whole.examples.sorted() && one.1.threshold == whole.threshold)
            }
        }
    }

    @Test("what the ranks tell each other for their shards' choices does not grow with the examples")
    func traffic() throws {
        func traffic(_ count: Int) throws -> Int {
            let scores = (0..<count).map { CounterRandom(seed: 2).gumbel(at: UInt64($0)) }
            return try SimulatedRank.run(2) { rank in
                Result {
                    let shard = Shard(rank: rank.rank, of: 2, exampleCount: count).examples
                    _ = try Ranking.hard.chooseShard(
                        count / 3, of: count, from: scores[shard], random: CounterRandom(seed: 1), among: rank)
                    // The other rank may be a step behind, but not with a collective.
                    return rank.traffic
                }
            }[0].get()
        }
        #expect(try traffic(40_000) == traffic(10_000))
    }

    @Test("an exact sum is that of its terms in any order and any parts, to the last bit")
    func sums() {
        let random = CounterRandom(seed: 4)
        let terms = (0..<1000).map { index in
            let scale = Double(sign: .plus, exponent: Int(random.bits(at: UInt64(index)) % 600) - 300, significand: 1)
            return (random.uniform(at: UInt64(index + 5000)) - 0.5) * scale
        }
        func sum(_ terms: some Sequence<Double>) -> ExactSum {
            var sum = ExactSum()
            for term in terms { sum.add(term) }
            return sum
        }
        let whole = sum(terms)
        #expect(sum(terms.reversed()).value == whole.value)
        let parts = stride(from: 0, to: 1000, by: 77).map { sum(terms[$0..<min($0 + 77, 1000)]) }
        let limbs = (0..<ExactSum.limbCount).map { place in parts.reduce(0) { $0 + $1.limbs[place] } }
        #expect(ExactSum(limbs: limbs).value == whole.value)
        #expect(sum([0.1, 0.2, 0.3, -0.3, -0.2, -0.1]).value == 0)
        #expect(sum([1e300, 1, -1e300]).value == 1)
        #expect(sum([Double.leastNonzeroMagnitude, -3]).value == -3)
        #expect(sum([0.1]).value == 0.1 && sum([-0.1, -0.2]).value == -0.1 - 0.2)
    }
}
