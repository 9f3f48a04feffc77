/// How a setting (a ratio, an interval) moves from `start` to `end` over the cycles `0..<C` of a run. It may fall as
/// well as rise.
///
/// Source: "Nonparametric Teaching of Attention Learners", arXiv 2602.20461: the selection ratio and interval follow
/// such schedules.
public struct Schedule: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// `start`, always.
        case constant
        /// `start + (end - start) c / (C - 1)`.
        case incremental
        /// `start + (end - start) (1 - cos(pi c / (C - 1))) / 2`.
        case cosine
    }

    /// How the value moves.
    public var kind: Kind
    /// The value at the first cycle.
    public var start: Double
    /// The value at the last cycle; without meaning where it is constant.
    public var end: Double

    public init(kind: Kind, start: Double, end: Double) {
        self.kind = kind
        self.start = start
        self.end = end
    }

    public static func constant(_ value: Double) -> Schedule {
        Schedule(kind: .constant, start: value, end: value)
    }

    public static func incremental(from start: Double, to end: Double) -> Schedule {
        Schedule(kind: .incremental, start: start, end: end)
    }

    public static func cosine(from start: Double, to end: Double) -> Schedule {
        Schedule(kind: .cosine, start: start, end: end)
    }

    /// The value at a cycle of a run of `cycles` cycles; `start` where there is only one.
    public func value(atCycle cycle: Int, of cycles: Int) -> Double {
        guard cycles > 1 else { return start }
        let position = Double(min(max(cycle, 0), cycles - 1)) / Double(cycles - 1)
        switch kind {
        case .constant: return start
        case .incremental: return start + (end - start) * position
        case .cosine: return start + (end - start) * (1 - RealMath.cosine(.pi * position)) / 2
        }
    }

    /// The values' lower and upper bound.
    var bounds: ClosedRange<Double> {
        kind == .constant ? start...start : min(start, end)...max(start, end)
    }
}
