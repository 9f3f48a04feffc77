import Foundation

/// A linear map from values to coordinates, with ticks at round numbers.
struct ChartScale {
    let domain: ClosedRange<Double>
    /// Coordinates of the domain's ends; falling for an axis that points up.
    let start: Double
    let end: Double
    let ticks: [Double]
    private let step: Double

    /// - Parameters:
    ///   - values: what must fit; numbers that are not finite are passed over.
    ///   - tickCount: about how many ticks, two at least.
    ///   - isRounded: whether the domain grows to whole ticks, as a value axis does, or ends where the values end.
    init(fitting values: some Sequence<Double>, start: Double, end: Double, tickCount: Int = 6, isRounded: Bool) {
        let finite = values.filter(\.isFinite)
        var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
        if low == high {
            // Nothing but zeros: most likely of what cannot be less, such as shares.
            let reach = abs(low) * 0.1
            (low, high) = low == 0 ? (0, 1) : (low - reach, high + reach)
        }
        let step = Self.niceStep((high - low) / Double(max(tickCount - 1, 1)))
        if isRounded {
            low = (low / step + 1e-9).rounded(.down) * step
            high = (high / step - 1e-9).rounded(.up) * step
        }
        self.step = step
        (self.start, self.end, domain) = (start, end, low...high)
        let (first, last) = (Int((low / step - 1e-9).rounded(.up)), Int((high / step + 1e-9).rounded(.down)))
        ticks = first <= last ? (first...last).map { Double($0) * step } : [low]
    }

    func position(_ value: Double) -> Double {
        start + (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound) * (end - start)
    }

    /// A tick's label, short enough for a margin, with as many digits as the ticks need to differ.
    func label(_ tick: Double, times scale: Double = 1) -> String {
        let (value, step) = (tick * scale, step * scale)
        let largest = max(abs(domain.lowerBound), abs(domain.upperBound)) * scale
        let exponent = Int((log10(step) + 1e-9).rounded(.down))
        if largest >= 1e9 || step < 1e-4 { return Self.scientific(value, exponent: exponent) }
        for (unit, suffix) in [(1e6, "M"), (1e3, "k")] where largest >= 100 * unit {
            return Format.decimals(value / unit, max(0, Int(log10(unit)) - exponent)) + suffix
        }
        return exponent >= 0 ? Format.count(value) : Format.decimals(value, -exponent)
    }

    /// `2.5e−7`, to the digit that a step of 10 to the `exponent` changes.
    private static func scientific(_ value: Double, exponent: Int) -> String {
        guard abs(value) > pow(10, Double(exponent)) / 2 else { return "0" }
        let own = Int((log10(abs(value)) + 1e-9).rounded(.down))
        let mantissa = Format.decimals(value / pow(10, Double(own)), max(0, own - exponent))
        return "\(mantissa)e\(own < 0 ? "−" : "")\(abs(own))"
    }

    /// The round number (1, 2 or 5 times a power of ten) nearest to `step` from above.
    static func niceStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        let multiple = [1, 2, 5, 10].first { $0 * power >= step * (1 - 1e-9) } ?? 10
        return multiple * power
    }
}
