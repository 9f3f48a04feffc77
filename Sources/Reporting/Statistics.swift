import Foundation

/// Statistics of small samples, such as one number a seed. Not-a-number where a sample is too small to tell.
public enum Statistics {
    public static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The sample standard deviation, with n − 1 in the denominator.
    public static func standardDeviation(_ values: [Double]) -> Double {
        guard values.count > 1 else { return .nan }
        let center = mean(values)
        let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// The standard error of the mean.
    public static func standardError(_ values: [Double]) -> Double {
        standardDeviation(values) / Double(values.count).squareRoot()
    }

    public static func median(_ values: [Double]) -> Double { quantile(values, 0.5) }

    /// The quantile at `share` in `0...1`, linear between order statistics (type 7 of Hyndman and Fan, 1996).
    public static func quantile(_ values: [Double], _ share: Double) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let position = share * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
    }

    /// The 95 % interval of the mean under Student's t; nil below two values.
    public static func meanInterval(_ values: [Double]) -> ClosedRange<Double>? {
        interval(around: mean(values), error: standardError(values), degreesOfFreedom: Double(values.count - 1))
    }

    /// The 95 % interval of the difference of two means, `first` less `second`, by Welch's t; nil where either has
    /// fewer than two values.
    public static func differenceInterval(_ first: [Double], _ second: [Double]) -> ClosedRange<Double>? {
        guard first.count > 1, second.count > 1 else { return nil }
        let (a, b) = (pow(standardError(first), 2), pow(standardError(second), 2))
        let spread = a * a / Double(first.count - 1) + b * b / Double(second.count - 1)
        let degreesOfFreedom = spread > 0 ? (a + b) * (a + b) / spread : Double(first.count + second.count - 2)
        return interval(
            around: mean(first) - mean(second), error: (a + b).squareRoot(), degreesOfFreedom: degreesOfFreedom)
    }

    /// The percentile-bootstrap interval of a statistic of two samples, resampled independently (Efron, 1979).
    ///
    /// - Parameters:
    ///   - level: the share of the resampled statistics inside, 0.95 by default.
    ///   - seed: equal seeds give equal intervals.
    /// - Returns: nil where both samples have fewer than two values, or some statistic is no number, as after a run that
    ///   diverged.
    public static func bootstrapInterval(
        _ first: [Double], _ second: [Double], level: Double = 0.95, resamples: Int = 2000, seed: UInt64 = 0,
        statistic: ([Double], [Double]) -> Double
    ) -> ClosedRange<Double>? {
        guard !first.isEmpty, !second.isEmpty, first.count > 1 || second.count > 1 else { return nil }
        var generator = SplitMix64(state: seed)
        let statistics = (0..<resamples).map { _ in
            statistic(resample(first, using: &generator), resample(second, using: &generator))
        }
        guard statistics.allSatisfy(\.isFinite) else { return nil }
        return quantile(statistics, (1 - level) / 2)...quantile(statistics, (1 + level) / 2)
    }

    private static func resample(_ values: [Double], using generator: inout SplitMix64) -> [Double] {
        values.map { _ in values[Int.random(in: 0..<values.count, using: &generator)] }
    }

    private static func interval(
        around center: Double, error: Double, degreesOfFreedom: Double
    ) -> ClosedRange<Double>? {
        guard error.isFinite, degreesOfFreedom >= 1 else { return nil }
        let reach = studentQuantile(degreesOfFreedom) * error
        return (center - reach)...(center + reach)
    }

    /// The 97.5 % quantile of Student's t: tabulated to 10 degrees of freedom (rounding down, so never too narrow),
    /// then by the Cornish-Fisher expansion (Abramowitz and Stegun, 26.7.5), there exact to three decimals.
    static func studentQuantile(_ degreesOfFreedom: Double) -> Double {
        let table = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
        if degreesOfFreedom < 11 { return table[max(Int(degreesOfFreedom), 1) - 1] }
        let (z, v) = (1.959964, degreesOfFreedom)
        let first = (pow(z, 3) + z) / 4
        let second = (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / 96
        let third = (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / 384
        return z + first / v + second / (v * v) + third / (v * v * v)
    }
}

/// Steele, Lea and Flood's SplitMix64 (2014): a small seeded generator, enough for resampling.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
