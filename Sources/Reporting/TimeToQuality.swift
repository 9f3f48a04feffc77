import Training

/// What a comparison over budgets says: how good each policy is after how much time, and what it saves at equal quality.
///
/// A record's policy is `NAME@BUDGET`, as ``Training/Contender`` reads it. Time is measured, not budgeted: each policy's
/// overheads are inside it.
public struct TimeToQuality: Sendable, Codable, Equatable {
    /// What counts as time.
    public enum Clock: String, Sendable, Codable, CaseIterable {
        /// Time that passed.
        case wall
        /// Processor time of all threads, which other programs on the machine disturb less; threads that wait for each other
        /// spend it too, so it is for runs on one thread.
        case processor
    }

    /// One policy at one budget, over its seeds.
    public struct Point: Sendable, Codable, Equatable {
        public var budget: Double
        /// One a seed, in order of the seeds.
        public var quality: [Double]
        public var seconds: [Double]
        public var processorSeconds: [Double]

        func seconds(by clock: Clock) -> [Double] { clock == .wall ? seconds : processorSeconds }

        /// The time as a share of the baseline's full run.
        public var timeShare: Double
        /// Quality above the baseline's after the same time, in the metric's unit, better being positive; the baseline
        /// between its budgets is interpolated.
        public var gainAtEqualTime: Double?
        /// Its 95 % bootstrap interval over seeds.
        public var gainInterval: ClosedRange<Double>?
    }

    public struct Curve: Sendable, Codable, Equatable {
        public var policy: String
        /// By rising budget.
        public var points: [Point]
        /// 1 − the time share of the cheapest point whose mean quality is within one standard error of the baseline's full
        /// run; nil where there is none. The baseline's own says what mere shortening gives.
        public var timeReduction: Double?
        /// The 95 % bootstrap interval of ``timeReduction`` over seeds, a resample in which no point reaches that quality
        /// counting as nothing saved; nil for single seeds and where ``timeReduction`` is.
        public var timeReductionInterval: ClosedRange<Double>?
        /// The same where straight lines between the points count as well, so that a coarse grid of budgets hides no saving.
        public var interpolatedReduction: Double?
        /// The interval of ``interpolatedReduction``, as ``timeReductionInterval``.
        public var interpolatedReductionInterval: ClosedRange<Double>?
    }

    public let clock: Clock
    public let metric: String
    public let baseline: String
    /// The baseline's first, the others in the order of the runs.
    public let curves: [Curve]

    /// - Throws: ``ReportingError/noRuns`` without a full run of the baseline, at the budget 1.
    public init(
        _ records: [RunRecord], baseline: String = "standard", metric: QualityMetric, clock: Clock = .wall
    ) throws(ReportingError) {
        (self.baseline, self.metric, self.clock) = (baseline, metric.name, clock)
        var curves = Self.curves(records, metric)
        guard let index = curves.firstIndex(where: { $0.policy == baseline }),
            let full = curves[index].points.first(where: { $0.budget == 1 })
        else { throw .noRuns }
        let reference = curves.remove(at: index)
        curves.insert(reference, at: 0)
        let rival = Rival(reference.points, clock: clock)
        let sign = metric.higherIsBetter ? 1.0 : -1
        let error = Statistics.standardError(full.quality)
        let tolerance = error.isFinite ? error : 0
        for curve in curves.indices {
            for point in curves[curve].points.indices {
                curves[curve].points[point].place(against: rival, full: full, sign: sign)
            }
            curves[curve].compare(
                with: full, isBaseline: curves[curve].policy == baseline, sign: sign, tolerance: tolerance, clock)
        }
        self.curves = curves
    }

    private static func curves(_ records: [RunRecord], _ metric: QualityMetric) -> [Curve] {
        var curves: [Curve] = []
        for record in records.sorted(by: { $0.seed < $1.seed }) {
            let (policy, budget) = record.policyAndBudget
            let index = curves.firstIndex { $0.policy == policy } ?? curves.endIndex
            if index == curves.endIndex { curves.append(Curve(policy: policy, points: [])) }
            curves[index].add(record, budget: budget, quality: record.summary.metrics[metric.name] ?? .nan)
        }
        return curves
    }
}

extension RunRecord {
    /// A contender's; without a budget it is 1.
    var policyAndBudget: (policy: String, budget: Double) {
        let parts = Contender.parts(of: policy)
        return (parts?.base ?? policy, parts?.budget ?? 1)
    }
}

extension TimeToQuality.Curve {
    fileprivate mutating func add(_ record: RunRecord, budget: Double, quality: Double) {
        let index = points.firstIndex { $0.budget >= budget } ?? points.endIndex
        if index == points.endIndex || points[index].budget != budget {
            points.insert(
                .init(budget: budget, quality: [], seconds: [], processorSeconds: [], timeShare: 0), at: index)
        }
        points[index].quality.append(quality)
        points[index].seconds.append(record.summary.seconds)
        points[index].processorSeconds.append(record.summary.processorSeconds)
    }

    /// Sets what is saved at the quality of the baseline's full run, less `tolerance`.
    fileprivate mutating func compare(
        with full: TimeToQuality.Point, isBaseline: Bool, sign: Double, tolerance: Double, _ clock: TimeToQuality.Clock
    ) {
        let target = sign * Statistics.mean(full.quality) - tolerance
        let means = points.map { ($0.timeShare, sign * Statistics.mean($0.quality)) }
        func saved(_ saving: TimeSaving) -> (reduction: Double, interval: ClosedRange<Double>?)? {
            guard let reduction = saving.reduction(means, to: target) else { return nil }
            let bootstrap = TimeSavingBootstrap(
                curve: self, isBaseline: isBaseline, saving: saving, full: full, sign: sign, tolerance: tolerance,
                clock: clock)
            return (reduction, bootstrap.interval)
        }
        let (exact, interpolated) = (saved(.atBudgets), saved(.betweenBudgets))
        (timeReduction, timeReductionInterval) = (exact?.reduction, exact?.interval)
        (interpolatedReduction, interpolatedReductionInterval) = (interpolated?.reduction, interpolated?.interval)
    }
}

extension TimeToQuality.Point {
    fileprivate mutating func place(against rival: Rival, full: TimeToQuality.Point, sign: Double) {
        let time = Statistics.median(seconds(by: rival.clock))
        timeShare = time / Statistics.median(full.seconds(by: rival.clock))
        guard let rivals = rival.quality(atSeconds: time) else { return }
        func difference(_ own: [Double], _ others: [Double]) -> Double {
            sign * (Statistics.mean(own) - Statistics.mean(others))
        }
        gainAtEqualTime = difference(quality, rivals)
        gainInterval = Statistics.bootstrapInterval(quality, rivals, statistic: difference)
    }
}

/// The baseline's quality over time, seed by seed, linear between its budgets.
private struct Rival {
    let points: [TimeToQuality.Point]
    let clock: TimeToQuality.Clock

    init(_ points: [TimeToQuality.Point], clock: TimeToQuality.Clock) { (self.points, self.clock) = (points, clock) }

    /// One a seed; nil before its cheapest point and where seeds differ in number. After its longest run it stays as it is, and
    /// a tenth before its cheapest, which flatters it, it is that.
    func quality(atSeconds seconds: Double) -> [Double]? {
        let times = points.map { Statistics.median($0.seconds(by: clock)) }
        guard let first = times.first, seconds >= first * 0.9, let last = points.last else { return nil }
        guard let upper = times.firstIndex(where: { $0 >= seconds }) else { return last.quality }
        guard upper > 0 else { return points[0].quality }
        let (a, b) = (points[upper - 1].quality, points[upper].quality)
        guard a.count == b.count else { return nil }
        let share = (seconds - times[upper - 1]) / (times[upper] - times[upper - 1])
        return zip(a, b).map { $0 + share * ($1 - $0) }
    }
}
