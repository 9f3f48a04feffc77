/// How a curve of quality over time is read for the time that it takes to a quality.
enum TimeSaving {
    /// At its budgets alone.
    case atBudgets
    /// On straight lines between its budgets, which understates a quality that rises ever more slowly.
    case betweenBudgets

    /// A budget's time as a share of the baseline's full run, and its mean quality, more being better.
    typealias Point = (share: Double, quality: Double)

    /// 1 − the least share of the time after which the quality is `target`.
    ///
    /// - Parameter points: by rising budget.
    /// - Returns: nil where none is as good.
    func reduction(_ points: [Point], to target: Double) -> Double? {
        switch self {
        case .atBudgets:
            points.filter { $0.quality >= target }.map { 1 - $0.share }.max()
        case .betweenBudgets:
            points.firstIndex { $0.quality >= target }.map { 1 - share(of: points, at: $0, target) }
        }
    }

    private func share(of points: [Point], at index: Int, _ target: Double) -> Double {
        guard index > 0, points[index - 1].quality.isFinite else { return points[index].share }
        let (below, above) = (points[index - 1], points[index])
        let part = (target - below.quality) / (above.quality - below.quality)
        return below.share + part * (above.share - below.share)
    }
}

/// How sure the time saved at equal quality is: seeds are drawn again, the same ones for all budgets of a policy.
struct TimeSavingBootstrap {
    let curve: TimeToQuality.Curve
    /// Whether the full run is this curve's own: its seeds are then drawn with the others.
    let isBaseline: Bool
    let saving: TimeSaving
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
        ) { own, others in reduction(own.map { Int($0) }, (isBaseline ? own : others).map { Int($0) }) }
    }

    private func reduction(_ own: [Int], _ others: [Int]) -> Double {
        let target = sign * Statistics.mean(others.map { full.quality[$0] }) - tolerance
        let fullTime = Statistics.median(others.map { full.seconds(by: clock)[$0] })
        let points = curve.points.map { point -> TimeSaving.Point in
            let seconds = point.seconds(by: clock)
            return (
                Statistics.median(own.map { seconds[$0] }) / fullTime,
                sign * Statistics.mean(own.map { point.quality[$0] })
            )
        }
        return saving.reduction(points, to: target) ?? 0
    }
}
