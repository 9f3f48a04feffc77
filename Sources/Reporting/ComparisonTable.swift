/// Policies side by side over their seeds: time, examples taught, quality, and time against the baseline.
public struct ComparisonTable: Sendable {
    /// One policy's runs, taken together.
    public struct Row: Sendable {
        public let policy: String
        /// The seeds, in the order of the runs.
        public let seeds: [UInt64]
        /// Wall-clock seconds of training, one a seed.
        public let seconds: [Double]
        public let examplesTaught: [Double]
        public let examplesScored: [Double]
        /// The quality metric, one a seed; not-a-number where a run lacks it.
        public let quality: [Double]
        /// Median wall-clock over the baseline's; nil without a baseline.
        public internal(set) var timeRatio: Double?
        /// The 95 % bootstrap interval of ``timeRatio``; nil for single runs.
        public internal(set) var timeRatioInterval: ClosedRange<Double>?
        /// Mean quality less the baseline's, in the metric's own unit; nil without a baseline.
        public internal(set) var qualityGap: Double?
        /// The 95 % interval of ``qualityGap``: by seed where both ran the same seeds, else of two independent means.
        public internal(set) var qualityGapInterval: ClosedRange<Double>?
        /// Whether some run stopped early.
        public let isPartial: Bool
    }

    public let metric: QualityMetric
    public let baseline: String
    /// The baseline first, the others in the order of the runs.
    public let rows: [Row]

    /// - Parameters:
    ///   - metric: by default test accuracy, validation accuracy, or what else the runs report, in that order.
    /// - Throws: ``ReportingError/noRuns`` for no records.
    public init(
        _ records: [RunRecord], baseline: String = "standard", metric: QualityMetric? = nil
    ) throws(ReportingError) {
        guard let first = records.first else { throw .noRuns }
        let shown =
            metric ?? QualityMetric.shown(of: first.summary.metrics.keys) ?? QualityMetric(name: "test/accuracy")
        self.metric = shown
        self.baseline = baseline
        var policies: [String] = []
        for record in records where !policies.contains(record.policy) { policies.append(record.policy) }
        if let index = policies.firstIndex(of: baseline) { policies.insert(policies.remove(at: index), at: 0) }
        var rows = policies.map { policy in Row(policy, records.filter { $0.policy == policy }, shown) }
        if let reference = rows.first, reference.policy == baseline {
            for index in rows.indices { rows[index].compare(with: reference) }
        }
        self.rows = rows
    }

    public var hasBaseline: Bool { rows[0].policy == baseline }

    /// Lines `figure run.<policy>.time_ratio V` and `figure run.<policy>.accuracy_gap V` (percentage points for shares)
    /// for every policy but the baseline.
    public var figures: [String] {
        rows.dropFirst(hasBaseline ? 1 : 0).flatMap { row in
            [
                row.timeRatio.map { "figure run.\(row.policy).time_ratio \(Self.figure($0))" },
                row.qualityGap.map {
                    "figure run.\(row.policy).\(metric.gapName) \(Self.figure(metric.isShare ? $0 * 100 : $0))"
                },
            ].compactMap { $0 }
        }
    }

    private static func figure(_ value: Double) -> String {
        value.isFinite ? Format.decimals(value, 4).replacing("−", with: "-") : "nan"
    }
}

extension ComparisonTable.Row {
    init(_ policy: String, _ records: [RunRecord], _ metric: QualityMetric) {
        self.policy = policy
        seeds = records.map(\.seed)
        seconds = records.map(\.summary.seconds)
        examplesTaught = records.map { Double($0.summary.examplesTaught) }
        examplesScored = records.map { Double($0.summary.examplesScored) }
        quality = records.map { $0.summary.metrics[metric.name] ?? .nan }
        isPartial = records.contains { !$0.summary.isComplete }
    }

    fileprivate mutating func compare(with reference: ComparisonTable.Row) {
        func ratio(_ own: [Double], _ other: [Double]) -> Double { Statistics.median(own) / Statistics.median(other) }
        timeRatio = ratio(seconds, reference.seconds)
        qualityGap = Statistics.mean(quality) - Statistics.mean(reference.quality)
        guard policy != reference.policy else { return }
        timeRatioInterval = Statistics.bootstrapInterval(seconds, reference.seconds, statistic: ratio)
        if seeds == reference.seeds {
            qualityGapInterval = Statistics.meanInterval(zip(quality, reference.quality).map { $0 - $1 })
        } else {
            qualityGapInterval = Statistics.differenceInterval(quality, reference.quality)
        }
    }
}

extension QualityMetric {
    var gapName: String { name.hasSuffix("accuracy") ? "accuracy_gap" : "\(name.split(separator: "/").last ?? "")_gap" }

    /// Several seeds' values as `97.1 ± 0.3 %`, the spread being the sample standard deviation.
    func text(_ values: [Double]) -> String {
        guard values.count > 1 else { return text(values.first ?? .nan) }
        let (mean, deviation) = (Statistics.mean(values), Statistics.standardDeviation(values))
        return isShare
            ? "\(Format.decimals(mean * 100, 1)) ± \(Format.decimals(deviation * 100, 1)) %"
            : "\(Format.short(mean)) ± \(Format.short(deviation))"
    }
}
