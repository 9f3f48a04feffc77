/// Tells of most examples on which side of a bracket their keys lie, without computing the keys.
///
/// A key's noise takes two logarithms. Bounds of it are looked up instead, by the leading bits of the random word;
/// since rounded addition is monotone, the bounds of a perturbed score are never wrong. Examples that the bounds leave
/// open are decided by their keys, so that the choice is the keys' to the last bit.
struct KeyScreen {
    typealias Lanes = SIMD4<Float>
    typealias Mask = SIMDMask<SIMD4<Int32>>

    /// What is known of four examples.
    struct Sides {
        /// Above the bracket.
        var above: Mask
        /// Perhaps inside, perhaps not.
        var open: Mask
    }

    private let lower: SIMD4<Int32>
    private let upper: SIMD4<Int32>
    /// Scores of the bracket's ends. Between infinity and the unknown there are keys without a score: nothing is above
    /// an upper end there.
    private let lowerScore: Float
    private let upperScore: Float
    private let hasAbove: Mask

    init(bracket: ClosedRange<UInt64>) {
        let lower = UInt32(truncatingIfNeeded: bracket.lowerBound >> 32)
        let upper = UInt32(truncatingIfNeeded: bracket.upperBound >> 32)
        self.lower = Self.signed(SIMD4(repeating: lower))
        self.upper = Self.signed(SIMD4(repeating: upper))
        let score = ScoreOrder.score(lower)
        lowerScore = score.isNaN && lower > UInt32.max / 2 ? .infinity : score
        upperScore = ScoreOrder.score(upper)
        hasAbove = SIMDMask(repeating: !upperScore.isNaN)
    }

    /// Where words are the keys.
    @inline(__always)
    func sides(_ words: SIMD4<UInt32>) -> Sides {
        let words = Self.signed(words)
        let above = words .> upper
        return Sides(above: above, open: .!(above .| words .< lower))
    }

    /// The same order among signed numbers, which processors compare in one go.
    @inline(__always)
    private static func signed(_ words: SIMD4<UInt32>) -> SIMD4<Int32> {
        SIMD4(truncatingIfNeeded: words ^ 0x8000_0000)
    }

    /// Where the keys are those of scores between two bounds. An unknown score has unknown bounds.
    @inline(__always)
    func sides(_ low: Lanes, _ high: Lanes) -> Sides {
        let above = .!(low .<= upperScore) .& hasAbove
        return Sides(above: above, open: .!(above .| (high .< lowerScore)))
    }
}

/// Bounds of Gumbel noise by the leading bits of its word.
enum GumbelBounds {
    private static let bits: UInt32 = 11

    /// Lowest and highest noise for each value of the leading bits.
    ///
    /// Noise falls as its word rises, but for errors of rounding of 1e-5 at most, a tenth of the margin.
    static let table: [SIMD2<Float>] = {
        let margin: Float = 1e-4
        let rest = UInt32.max >> bits
        return (0..<1 << bits).map { (entry: UInt32) in
            let first = entry << (32 - bits)
            let ends = FloatMath.gumbel(SIMD4(first, first | rest, first, first))
            return SIMD2(ends[1] - margin, ends[0] + margin)
        }
    }()

    @inline(__always)
    static func of(
        _ words: SIMD4<UInt32>, in table: UnsafePointer<SIMD2<Float>>
    ) -> (low: SIMD4<Float>, high: SIMD4<Float>) {
        let entries = words &>> (32 - bits)
        let left = SIMD4(lowHalf: table[Int(entries[0])], highHalf: table[Int(entries[1])])
        let right = SIMD4(lowHalf: table[Int(entries[2])], highHalf: table[Int(entries[3])])
        return (
            SIMD4(lowHalf: left.evenHalf, highHalf: right.evenHalf),
            SIMD4(lowHalf: left.oddHalf, highHalf: right.oddHalf)
        )
    }
}
