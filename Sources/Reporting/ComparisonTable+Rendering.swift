extension ComparisonTable {
    /// The heads of ``cells(of:)``.
    var heads: [String] { ["policy", "wall-clock", "examples taught", metric.title, "time vs \(baseline)"] }

    func cells(of row: Row) -> [String] {
        [
            row.policy + (row.isPartial ? " (partial)" : ""),
            spread(row.seconds),
            Format.count(Statistics.mean(row.examplesTaught)),
            metric.text(row.quality),
            row.timeRatio.map { Format.decimals($0, 2) + " ×" } ?? "–",
        ]
    }

    /// What the numbers are.
    var caption: String {
        let counts = Set(rows.map(\.seeds.count))
        let seeds = counts.count == 1 ? "\(rows[0].seeds.count)" : "\(counts.min() ?? 0) to \(counts.max() ?? 0)"
        return seeds == "1"
            ? "One run a policy: the spread over seeds is not known."
            : "Mean ± sample standard deviation over \(seeds) seeds; time against \(baseline) is a ratio of medians."
    }

    /// The table for a console.
    public var consoleText: String { "\(Format.table(heads, rows.map(cells)))\n\n\(caption)" }

    private func spread(_ seconds: [Double]) -> String {
        let mean = Statistics.mean(seconds)
        guard seconds.count > 1, mean < 99.95 else { return Format.duration(mean) }
        return "\(Format.decimals(mean, 1)) ± \(Format.decimals(Statistics.standardDeviation(seconds), 1)) s"
    }
}
