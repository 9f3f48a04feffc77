/// A sum without rounding, so that it does not depend on the order of its terms nor on the ranks that had them.
///
/// The sum is one integer in units of 2^-1074, kept in limbs of 32 bits; for up to 2^31 terms none overflows. Kulisch's
/// accumulator, see Neal, "Fast Exact Summation Using Small and Large Superaccumulators", arXiv 1505.05571.
struct ExactSum: Sendable, Equatable {
    private(set) var limbs = [Int64](repeating: 0, count: limbCount)

    static let limbCount = 68

    init() {}

    /// - Parameter limbs: sums of those of other sums.
    init(limbs: some Sequence<Int64>) { self.limbs = Array(limbs) }

    /// Adds a finite number.
    mutating func add(_ value: Double) {
        let exponent = Int(value.exponentBitPattern)
        let significand = value.significandBitPattern | (exponent > 0 ? 1 << 52 : 0)
        let place = max(exponent, 1) - 1
        let (limb, shift) = (place >> 5, UInt64(place & 31))
        let low = significand << shift
        let high = shift == 0 ? 0 : significand >> (64 - shift)
        let sign: Int64 = value < 0 ? -1 : 1
        limbs[limb] += sign * Int64(low & 0xFFFF_FFFF)
        limbs[limb + 1] += sign * Int64(low >> 32)
        limbs[limb + 2] += sign * Int64(high)
    }

    /// The sum, rounded to about the last bit; a function of the sum alone.
    var value: Double {
        let digits = Self.carried(limbs)
        let isNegative = digits[Self.limbCount - 1] < 0
        let magnitude = isNegative ? Self.carried(limbs.map { -$0 }) : digits
        var result = 0.0
        for (index, digit) in magnitude.enumerated().reversed() where digit != 0 {
            result += Double(sign: .plus, exponent: 32 * index - 1074, significand: Double(digit))
        }
        return isNegative ? -result : result
    }

    /// The same number with all limbs but the last in `0..<2^32`.
    private static func carried(_ limbs: [Int64]) -> [Int64] {
        var (result, carry) = (limbs, Int64(0))
        for index in 0..<limbCount - 1 {
            let sum = limbs[index] + carry
            result[index] = sum & 0xFFFF_FFFF
            carry = sum >> 32
        }
        result[limbCount - 1] += carry
        return result
    }
}

extension Reduction {
    /// The values of sums over all ranks.
    func values(of sums: [ExactSum]) throws(Failure) -> [Double] {
        let limbs = try sum(sums.flatMap(\.limbs))
        return sums.indices.map { index in
            ExactSum(limbs: limbs[index * ExactSum.limbCount..<(index + 1) * ExactSum.limbCount]).value
        }
    }
}
