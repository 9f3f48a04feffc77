/// An order of examples by score and chance, from which the first `k` are chosen.
///
/// Every example has a 64-bit key: its perturbed score, then its own random word, which breaks ties at random. Nothing
/// is stored for an example, since the word is a function of its number.
///
/// Unknown scores (NaN) come first, then positive infinity; negative infinity comes last. `-0` equals `+0`.
public enum Ranking: Sendable, Equatable {
    case random
    case hard
    case soft(Selection.Soft)

    /// Chooses exactly `min(k, scores.count)` examples.
    ///
    /// Takes O(N) time. Beyond the scores and the result it takes a fraction of a byte an example, among ties up to 6.
    /// Scores that are not in one stretch of memory are copied first.
    ///
    /// - Parameters:
    ///   - random: fixes the outcome; the word of example `i` is `random.bits(at: i)`.
    ///   - ceiling: scores above it count as it.
    public func choose(
        _ k: Int, from scores: some Collection<Float>, random: CounterRandom, ceiling: Float = .infinity
    ) -> Draw {
        choose(
            k, of: scores.count, from: scores, first: 0, random: random, ceiling: ceiling, among: Alone<Never>())
    }

    /// As ``choose(_:from:random:ceiling:)``, where each rank has the scores of its shard: the outcome, and its order, is
    /// on every rank that of one rank with all scores.
    ///
    /// Beyond histograms, the ranks tell each other one bit an example and the keys close to the boundary.
    ///
    /// - Parameters:
    ///   - exampleCount: the number of examples of all ranks.
    ///   - scores: those of this rank's shard, which begins with example `first`.
    func choose<Ranks: Reduction>(
        _ k: Int, of exampleCount: Int, from scores: some Collection<Float>, first: Int, random: CounterRandom,
        ceiling: Float = .infinity, among ranks: Ranks
    ) throws(Ranks.Failure) -> Draw {
        let result = scores.withContiguous { buffer in
            let keys = RankingKeys(ranking: self, scores: buffer, random: random, ceiling: ceiling, first: first)
            return Result { () throws(Ranks.Failure) in
                try TopK(keys: keys, ranks: ranks, count: exampleCount).choose(k)
            }
        }
        return try result.get()
    }

    /// Those of this rank's shard that ``choose(_:from:random:ceiling:)`` would choose from the scores of all ranks.
    ///
    /// The ranks tell each other a few histograms of keys, whose size does not depend on the number of examples. For
    /// training in which every rank teaches the examples of its own shard.
    ///
    /// - Parameters:
    ///   - scores: those of ``Shard/examples`` of this rank.
    ///   - exampleCount: the number of examples of all ranks.
    /// - Returns: example numbers, rising.
    public func chooseShard<Ranks: Reduction>(
        _ k: Int, of exampleCount: Int, from scores: some Collection<Float>, random: CounterRandom,
        ceiling: Float = .infinity, among ranks: Ranks
    ) throws(Ranks.Failure) -> [Int32] {
        let shard = Shard(rank: ranks.rank, of: ranks.rankCount, exampleCount: exampleCount)
        precondition(scores.count == shard.examples.count, "one score an example of the shard")
        let result = scores.withContiguous { buffer in
            let keys = RankingKeys(
                ranking: self, scores: buffer, random: random, ceiling: ceiling, first: shard.examples.lowerBound)
            return Result { () throws(Ranks.Failure) in
                try TopK(keys: keys, ranks: ranks, count: exampleCount).chooseShard(k)
            }
        }
        return try result.get()
    }
}

/// The outcome of a ranking: the chosen examples and the best key that was not chosen.
public struct Draw: Sendable, Equatable {
    /// Distinct example numbers, in an order without meaning.
    public internal(set) var examples: [Int32]
    /// High half of the best key not chosen; `nil` where all examples are.
    var threshold: UInt32?
}

extension Collection<Float> {
    /// Passes the scores in one stretch of memory: their own where they have one, else a copy's.
    func withContiguous<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        withContiguousStorageIfAvailable(body) ?? Array(self).withUnsafeBufferPointer(body)
    }
}

/// Keys of four neighbouring examples at a time.
struct RankingKeys {
    let ranking: Ranking
    let scores: UnsafeBufferPointer<Float>
    let random: CounterRandom
    let ceiling: Float
    /// The example that the first score is of, a multiple of 8.
    var first = 0

    struct Block {
        var high: SIMD4<UInt32>
        var low: SIMD4<UInt32>

        @inline(__always)
        func key(_ lane: Int) -> UInt64 {
            UInt64(high[lane]) << 32 | UInt64(low[lane])
        }
    }

    /// The keys of the scores `4 index ..< 4 index + 4`; past the last example, those of an unknown score.
    @inline(__always)
    func block(_ index: Int) -> Block {
        let words = random.block(UInt64(index + first / 4))
        switch ranking {
        case .random: return Block(high: words, low: SIMD4(repeating: 0))
        case .hard: return Block(high: ScoreOrder.key(load(index)), low: words)
        case .soft(let soft):
            let perturbed = Potential(soft)(load(index)) + FloatMath.gumbel(words)
            return Block(high: ScoreOrder.key(perturbed), low: words)
        }
    }

    /// The scores of four examples that there are.
    @inline(__always)
    func loadWhole(_ index: Int) -> SIMD4<Float> {
        let lanes = UnsafeRawPointer(scores.baseAddress! + 4 &* index).loadUnaligned(as: SIMD4<Float>.self)
        return lanes.replacing(with: ceiling, where: lanes .> ceiling)
    }

    @inline(__always)
    private func load(_ index: Int) -> SIMD4<Float> {
        guard 4 * index + 4 > scores.count else { return loadWhole(index) }
        var lanes = SIMD4<Float>(repeating: .nan)
        for lane in 0..<(scores.count - 4 * index) { lanes[lane] = scores[4 * index + lane] }
        return lanes.replacing(with: ceiling, where: lanes .> ceiling)
    }
}

/// The map between scores and unsigned integers of the same order.
enum ScoreOrder {
    /// The place of an unknown score: before all others.
    static let unknown = UInt32.max

    @inline(__always)
    static func key(_ values: SIMD4<Float>) -> SIMD4<UInt32> {
        let bits = SIMD4<UInt32>(bitPattern: values + 0)
        let signs = SIMD4<UInt32>(truncatingIfNeeded: SIMD4<Int32>(truncatingIfNeeded: bits) &>> 31)
        var keys = bits ^ (signs | 0x8000_0000)
        keys.replace(with: unknown, where: values .!= values)
        return keys
    }

    /// The score of a key; NaN where unknown.
    static func score(_ key: UInt32) -> Float {
        key == unknown ? .nan : Float(bitPattern: key & 0x8000_0000 != 0 ? key ^ 0x8000_0000 : ~key)
    }
}

/// `log(p) / temperature`, up to a constant: infinite and NaN scores stay what they are.
struct Potential {
    private let distribution: Selection.Distribution
    private let scale: Float

    init(_ soft: Selection.Soft) {
        distribution = soft.distribution
        scale = Float(1 / soft.temperature)
    }

    @inline(__always)
    func callAsFunction(_ scores: SIMD4<Float>) -> SIMD4<Float> {
        var potential: SIMD4<Float>
        switch distribution {
        case .softmax: return scores * scale
        case .sigmoid:
            var negative = -scores
            negative.replace(with: 0, where: negative .< 0)
            var magnitude = scores
            magnitude.replace(with: -scores, where: scores .< 0)
            potential = -(negative + FloatMath.log(1 + FloatMath.exp(-magnitude))) * scale
        case .power(let exponent):
            potential = FloatMath.log(scores) * (Float(exponent) * scale)
            potential.replace(with: -.infinity, where: scores .<= 0)
        }
        potential.replace(with: scores, where: scores .== .infinity .| scores .== -.infinity .| scores .!= scores)
        return potential
    }
}
