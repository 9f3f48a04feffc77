/// How sure the time saved at equal quality is: seeds are drawn again, the same ones for all budgets of a policy.
struct TimeReductionBootstrap {
    let curve: TimeToQuality.Curve
    /// The baseline's full run.
    let full: TimeToQuality.Point
    /// 1 where more is better, −1 where less is.
    let sign: Double
    /// How far below the baseline's mean counts as equal, which is not drawn again.
    let tolerance: Double
    let clock: TimeToQuality.Clock

    /// The 95 % percentile interval (Efron, 1979); nil where there are too few seeds to draw from.
    var interval: ClosedRange<Double>? {
        let counts = Set(curve.points.map(\.quality.count))
        guard counts.count == 1, let count = counts.first, count > 1, full.quality.count > 1 else { return nil }
        return Statistics.bootstrapInterval(
            (0..<count).map(Double.init), (0..<full.quality.count).map(Double.init)
        ) { own, others in reduction(own.map { Int($0) }, others.map { Int($0) }) }
    }

    private func reduction(_ own: [Int], _ others: [Int]) -> Double {
        let target = sign * Statistics.mean(others.map { full.quality[$0] }) - tolerance
        let fullTime = Statistics.median(others.map { full.seconds(by: clock)[$0] })
        let reached = curve.points.filter { point in sign * Statistics.mean(own.map { point.quality[$0] }) >= target }
        let savings = reached.map { point in 1 - Statistics.median(own.map { point.seconds(by: clock)[$0] }) / fullTime
        }
        return savings.max() ?? 0
    }
}
