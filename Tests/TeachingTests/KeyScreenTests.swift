import Testing

@testable import Teaching

@Suite struct KeyScreenTests {
    static let tables: [[Float]] = {
        let random = CounterRandom(seed: 3)
        let plain = (0..<1237).map { Float(random.uniform(at: UInt64($0))) * 4 - 1 }
        let special: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, 1e30, -1e30, 2]
        let mixed = plain.indices.map { $0 % 3 == 0 ? special[$0 / 3 % special.count] : plain[$0] }
        let halfUnknown = plain.indices.map { $0 % 2 == 0 ? Float.nan : plain[$0] }
        return [plain, mixed, halfUnknown] + [Float.nan, 2].map { Array(repeating: $0, count: 1237) }
    }()

    @Test("screened or not, the same examples are chosen in the same order", arguments: RankingTests.rankings)
    func agreesWithKeys(ranking: Ranking) {
        for scores in Self.tables {
            for (ceiling, k) in [(Float.infinity, 1), (.infinity, 370), (1.5, 619)] {
                scores.withUnsafeBufferPointer { buffer in
                    let keys = RankingKeys(
                        ranking: ranking, scores: buffer, random: CounterRandom(seed: UInt64(k)), ceiling: ceiling)
                    let plain = TopK(
                        keys: keys, ranks: Alone<Never>(), count: keys.scores.count, sampledFrom: .max,
                        screenedFrom: .max
                    ).choose(k)
                    #expect(
                        TopK(
                            keys: keys, ranks: Alone<Never>(), count: keys.scores.count, sampledFrom: .max,
                            screenedFrom: 0
                        ).choose(k) == plain)
                    let sampled = TopK(
                        keys: keys, ranks: Alone<Never>(), count: keys.scores.count, sampledFrom: 1000, screenedFrom: 0
                    ).choose(k)
                    #expect(Set(sampled.examples) == Set(plain.examples) && sampled.threshold == plain.threshold)
                }
            }
        }
    }

    @Test("noise lies inside the bounds looked up for its word")
    func bounds() {
        let random = CounterRandom(seed: 12)
        let edges = (0..<UInt32(2048)).flatMap { entry in [entry << 21, entry << 21 | 0x1F_FFFF] }
        let words = edges + (0..<20_000).map { random.bits(at: $0) } + (0..<2000).map { .max - $0 } + (0..<2000)
        GumbelBounds.table.withUnsafeBufferPointer { table in
            for start in stride(from: 0, to: words.count, by: 4) {
                let four = SIMD4(words[start], words[start + 1], words[start + 2], words[start + 3])
                let noise = FloatMath.gumbel(four)
                let bounds = GumbelBounds.of(four, in: table.baseAddress!)
                #expect(all(bounds.low .<= noise .& noise .<= bounds.high), "words \(four)")
            }
        }
    }

    @Test("two blocks at once are the blocks one by one")
    func twoBlocks() {
        for random in [
            CounterRandom(seed: 0), CounterRandom(seed: .max, stream: .max), CounterRandom(seed: 8, stream: 1 << 40),
        ] {
            for index: UInt64 in [0, 1, 7, 0xFFFF_FFFE, 0xFFFF_FFFF, 1 << 40, .max - 1] {
                let (first, second) = random.twoBlocks(index)
                #expect(first == random.block(index) && second == random.block(index + 1))
            }
        }
    }

    @Test("a selection among ties does not hold them all as candidates")
    func ties() {
        let scores = [Float](repeating: .nan, count: 1 << 14)
        scores.withUnsafeBufferPointer { buffer in
            for ranking in [Ranking.hard, .soft(Selection.Soft())] {
                let keys = RankingKeys(
                    ranking: ranking, scores: buffer, random: CounterRandom(seed: 1), ceiling: .infinity)
                let top = TopK(
                    keys: keys, ranks: Alone<Never>(), count: keys.scores.count, sampledFrom: 1 << 10,
                    screenedFrom: 1 << 10)
                for stride in [1, 64] {
                    guard let bracket = top.bracket(rank: 5000, every: stride) else {
                        #expect(stride > 1, "an exact bracket is always found")
                        continue
                    }
                    let inside = (0..<scores.count).count { bracket.contains(keys.block($0 / 4).key($0 % 4)) }
                    #expect(inside >= 1 && inside <= scores.count / 6)
                }
            }
        }
    }
}
