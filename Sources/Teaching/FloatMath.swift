/// Logarithm and exponential of four floats at once, in plain arithmetic: equal bits on every machine, unlike a libm's.
/// Relative error below 4e-7.
enum FloatMath {
    typealias Lanes = SIMD4<Float>

    private static let ln2: Float = 0.693_147_18

    /// Natural logarithm; `-infinity` for zero and below, `x` itself for positive infinity and NaN.
    @inline(__always)
    static func log(_ x: Lanes) -> Lanes {
        var result = logOfNormal(x)
        result.replace(with: -.infinity, where: x .<= 0)
        result.replace(with: x, where: .!(x .< .infinity))
        return result
    }

    /// `exp(x)`, zero below -87 and infinite above 88.
    @inline(__always)
    static func exp(_ x: Lanes) -> Lanes {
        var bounded = x
        bounded.replace(with: -87, where: x .< -87)
        bounded.replace(with: 88, where: x .> 88)
        // Adding 1.5 * 2^23 rounds to a whole number, which then is in the lowest bits.
        let shifted: Lanes = bounded * 1.442_695_04 + 12_582_912
        let power = shifted - 12_582_912
        let rest: Lanes = (bounded - power * 0.693_359_375) + power * 2.121_944_4e-4
        var series: Lanes = rest * (1.0 / 5040) + (1.0 / 720)
        series = series * rest + (1.0 / 120)
        series = series * rest + (1.0 / 24)
        series = series * rest + (1.0 / 6)
        series = series * rest + 0.5
        series = series * rest + 1
        series = series * rest + 1
        let scale = (SIMD4<UInt32>(bitPattern: shifted) &<< 23) &+ (127 << 23)
        var result = series * Lanes(bitPattern: scale)
        result.replace(with: 0, where: x .< -87)
        result.replace(with: .infinity, where: x .> 88)
        return result
    }

    /// Standard Gumbel noise from 32 random bits a lane.
    ///
    /// `-log(1 - v)` rather than `-log(u)`: the small exponentials, which become the large noise that decides a
    /// selection, keep all 32 bits of the draw.
    @inline(__always)
    static func gumbel(_ bits: SIMD4<UInt32>) -> Lanes {
        let half = SIMD4<Int32>(truncatingIfNeeded: bits &>> 1)
        let low = SIMD4<Int32>(truncatingIfNeeded: bits & 1)
        let doubled: Lanes = Lanes(half) * 2
        let v: Lanes = (doubled + (Lanes(low) + 0.5)) * 0x1p-32
        let (mantissa, exponent) = split(1 - v)
        var ratio = (mantissa - 1) / (mantissa + 1)
        ratio.replace(with: -v / (2 - v), where: exponent .== 0)
        var exponential = -(atanhDoubled(ratio) + exponent * ln2)
        exponential.replace(with: 22.9, where: v .>= 1)
        return -logOfNormal(exponential)
    }

    /// Natural logarithm of positive normal numbers.
    @inline(__always)
    private static func logOfNormal(_ x: Lanes) -> Lanes {
        let (mantissa, exponent) = split(x)
        return atanhDoubled((mantissa - 1) / (mantissa + 1)) + exponent * ln2
    }

    /// `x = mantissa * 2^exponent` with the mantissa in about `[0.7, 1.4)`, for positive normal numbers.
    @inline(__always)
    private static func split(_ x: Lanes) -> (mantissa: Lanes, exponent: Lanes) {
        let bits = SIMD4<UInt32>(bitPattern: x)
        let shifted = bits &- 0x3F33_3333
        let exponent = SIMD4<Int32>(truncatingIfNeeded: shifted) &>> 23
        let mantissa = Lanes(bitPattern: (shifted & 0x007F_FFFF) &+ 0x3F33_3333)
        return (mantissa, Lanes(exponent))
    }

    /// `2 atanh(z) = log((1 + z) / (1 - z))` for `|z| < 0.18`.
    @inline(__always)
    private static func atanhDoubled(_ z: Lanes) -> Lanes {
        let square = z * z
        var series: Lanes = square * (1.0 / 9) + (1.0 / 7)
        series = series * square + 0.2
        series = series * square + (1.0 / 3)
        series = series * square + 1
        return (z + z) * series
    }
}

extension SIMD4 where Scalar == UInt32 {
    @inline(__always)
    init(bitPattern lanes: SIMD4<Float>) {
        self = unsafeBitCast(lanes, to: SIMD4<UInt32>.self)
    }
}

extension SIMD4 where Scalar == Float {
    @inline(__always)
    init(bitPattern lanes: SIMD4<UInt32>) {
        self = unsafeBitCast(lanes, to: SIMD4<Float>.self)
    }
}
