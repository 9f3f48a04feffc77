import Foundation

/// The learning rate over a run, as a function of the share of its budget that has been spent, not of a step count: so it
/// is fully decayed at the end of every policy and every budget.
public struct LearningRateSchedule: Sendable, Equatable {
    /// The rate after warm-up.
    public var peak: Double
    /// Share of the budget over which the rate rises linearly from zero, in 0..<1.
    public var warmup: Double
    /// The rate at the end, as a share of the peak.
    public var floor: Double

    public init(peak: Double, warmup: Double, floor: Double = 0) {
        (self.peak, self.warmup, self.floor) = (peak, warmup, floor)
    }

    /// - Parameter progress: share of the budget spent, in 0...1.
    public func rate(at progress: Double) -> Double {
        if progress < warmup { return peak * progress / warmup }
        let decayed = (progress - warmup) / (1 - warmup)
        return peak * (floor + (1 - floor) * 0.5 * (1 + cos(.pi * min(decayed, 1))))
    }
}
