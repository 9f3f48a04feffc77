import Training

/// A run's or comparison's charts, from its records.
struct ReportCharts {
    let table: ComparisonTable
    let records: [RunRecord]

    /// Loss and element share are averaged over this many stretches of the budget, so that single steps do not flicker.
    private static let stretches = 80

    /// Quality against training time; nil where nothing was evaluated on the way.
    var quality: LineChart? {
        let names = Set(records.flatMap(\.evaluations).flatMap(\.metrics.keys))
        guard let metric = names.contains(table.metric.name) ? table.metric : QualityMetric.shown(of: names) else {
            return nil
        }
        let unit = timeUnit
        var chart = chart(
            "\(metric.title.capitalizedFirst) against training time", x: "training time, \(unit.name)",
            y: metric.title + (metric.isShare ? ", %" : ""), scale: metric.isShare ? 100 : 1
        ) { record in
            record.evaluations.compactMap { evaluation in
                evaluation.metrics[metric.name].map { (evaluation.seconds / unit.seconds, $0) }
            }
        }
        // The first, steep rise would flatten the part where policies differ.
        chart?.focus = metric.higherIsBetter ? 0.15...1 : 0...0.85
        return chart
    }

    var loss: LineChart? {
        var chart = chart("Training loss against progress", x: "budget spent, %", y: "loss") {
            overProgress($0, \.loss)
        }
        chart?.focus = 0...0.97
        chart?.xReach = [0, 100]
        return chart
    }

    /// The share of the examples that is taught; nil where every run teaches all.
    var ratio: LineChart? {
        guard records.contains(where: { $0.selections.contains { $0.ratio < 1 } }) else { return nil }
        var chart = chart("Share of the examples taught", x: "epoch", y: "ratio, %", scale: 100) { record in
            overEpochs(record) { $0.ratio }
        }
        chart?.isStepped = true
        chart?.includesZero = true
        return chart
    }

    var selectedCount: LineChart? {
        guard ratio != nil else { return nil }
        var chart = chart("Examples selected", x: "epoch", y: "examples") { record in
            overEpochs(record) { Double($0.selectedCount) }
        }
        chart?.isStepped = true
        chart?.includesZero = true
        return chart
    }

    /// The share of each example's elements that is taught; nil where every run teaches all of them.
    var elementShare: LineChart? {
        guard records.contains(where: { $0.steps.contains { $0.elementShare < 1 } }) else { return nil }
        var chart = chart("Share of each example's elements taught", x: "budget spent, %", y: "elements, %", scale: 100)
        {
            overProgress($0, \.elementShare)
        }
        chart?.includesZero = true
        chart?.xReach = [0, 100]
        return chart
    }

    /// How many epochs a selection stays; nil where every one stays for one.
    var interval: LineChart? {
        func intervals(_ record: RunRecord) -> Series {
            let starts = record.selections.map { Double($0.epoch) }
            let ends = starts.dropFirst() + [max(record.epochs, starts.last ?? 0)]
            let series = zip(starts, ends).map { (x: $0, y: $1 - $0) }.filter { $0.y > 0 }
            return series + (series.last.map { [(x: $0.x + $0.y, y: $0.y)] } ?? [])
        }
        guard records.contains(where: { intervals($0).contains { $0.y != 1 } }) else { return nil }
        var chart = chart("Interval: how long a selection stays", x: "epoch", y: "epochs", series: intervals)
        chart?.isStepped = true
        chart?.includesZero = true
        return chart
    }

    /// The first seed of each policy and its row in the table.
    var firstSeeds: [(row: Int, record: RunRecord)] {
        table.rows.indices.compactMap { row in
            records.first { $0.policy == table.rows[row].policy }.map { (row, $0) }
        }
    }

    /// Curves of a chart of ridges at most, spread evenly over a run.
    private static let mostRidges = 10

    /// The scores' distribution over time, one chart for each policy that scores.
    var scoreRidges: [RidgeChart] {
        firstSeeds.compactMap { row, record in
            // Several selections of one epoch would bear one name.
            let hasEpochs = Set(record.selections.map(\.epoch)).count == record.selections.count
            let ridges = record.selections.compactMap { selection -> RidgeChart.Ridge? in
                guard let low = selection.scoreQuantiles.first, let high = selection.scoreQuantiles.last, low < high,
                    low.isFinite, high.isFinite, !selection.scoreCounts.isEmpty
                else { return nil }
                return RidgeChart.Ridge(
                    name: hasEpochs ? "epoch \(selection.epoch)" : "step \(selection.step)", lowest: Double(low),
                    highest: Double(high),
                    counts: selection.scoreCounts)
            }
            guard ridges.count > 1 else { return nil }
            let shown = min(ridges.count, Self.mostRidges)
            return RidgeChart(
                title: "Scores of the examples: \(record.policy), seed \(record.seed)", xTitle: "score",
                color: color(of: row), ridges: (0..<shown).map { ridges[$0 * (ridges.count - 1) / (shown - 1)] })
        }
    }

    /// The same as quantiles, for logs without the counts.
    var scoreQuantiles: [QuantileChart] {
        firstSeeds.compactMap { row, record in
            let points = record.selections.filter(\.scoreCounts.isEmpty).compactMap {
                selection -> QuantileChart.Point? in
                let quantiles = selection.scoreQuantiles.dropFirst().dropLast().map(Double.init)
                guard quantiles.count == 5, quantiles.allSatisfy(\.isFinite) else { return nil }
                return QuantileChart.Point(x: Double(selection.epoch), quantiles: quantiles)
            }
            guard points.count > 1 else { return nil }
            return QuantileChart(
                title: "Scores of the examples: \(record.policy), seed \(record.seed)", xTitle: "epoch",
                yTitle: "score", color: color(of: row), points: points)
        }
    }

    /// Where the seconds went, averaged over seeds.
    var cost: StackedBarChart? {
        let known = ["forward", "backward", "optimizer", "data", "scoring", "selection"]
        guard records.contains(where: { !$0.summary.secondsByPhase.isEmpty }) else { return nil }
        let bars = table.rows.map { row in
            let summaries = records.filter { $0.policy == row.policy }.map(\.summary)
            var amounts = known.map { phase in Statistics.mean(summaries.map { $0.secondsByPhase[phase] ?? 0 }) }
            amounts.append(max(Statistics.mean(summaries.map(\.seconds)) - amounts.reduce(0, +), 0))
            return StackedBarChart.Bar(name: row.policy, amounts: amounts)
        }
        return StackedBarChart(
            title: "Where the time went", unit: timeUnit.name, unitSeconds: timeUnit.seconds,
            parts: known + ["other"], bars: bars)
    }

    /// The colour of a row of the table: the first is the baseline's alone.
    func color(of row: Int) -> Int { Palette.color(table.hasBaseline ? row : row + 1) }

    private var timeUnit: (name: String, seconds: Double) {
        switch records.map(\.summary.seconds).max() ?? 0 {
        case ..<600: ("seconds", 1)
        case ..<14_400: ("minutes", 60)
        default: ("hours", 3600)
        }
    }

    // MARK: - Series

    typealias Series = [(x: Double, y: Double)]

    /// A chart with one line a policy: the mean over its seeds, the band one sample standard deviation to either side.
    /// Seeds are matched point by point, as far as the shortest goes.
    private func chart(
        _ title: String, x: String, y: String, scale: Double = 1, series: (RunRecord) -> Series
    ) -> LineChart? {
        let lines = table.rows.indices.compactMap { index -> LineChart.Line? in
            let policy = table.rows[index].policy
            let seeds = records.filter { $0.policy == policy }.map(series).filter { !$0.isEmpty }
            guard let count = seeds.map(\.count).min() else { return nil }
            let points = (0..<count).map { point in Self.point(seeds.map { $0[point] }) }
            return LineChart.Line(name: policy, color: color(of: index), points: points)
        }
        guard !lines.isEmpty else { return nil }
        return LineChart(title: title, xTitle: x, yTitle: y, yLabelScale: scale, lines: lines)
    }

    private static func point(_ seeds: Series) -> LineChart.Point {
        let mean = Statistics.mean(seeds.map(\.y))
        let deviation = Statistics.standardDeviation(seeds.map(\.y))
        let reach = deviation.isFinite ? deviation : 0
        return LineChart.Point(x: Statistics.mean(seeds.map(\.x)), y: mean, low: mean - reach, high: mean + reach)
    }

    private func overProgress(_ record: RunRecord, _ value: KeyPath<StepSummary, Double>) -> Series {
        var sums = Array(repeating: (x: 0.0, y: 0.0, count: 0.0), count: Self.stretches)
        for step in record.steps where step[keyPath: value].isFinite {
            let stretch = min(max(Int(step.progress * Double(Self.stretches)), 0), Self.stretches - 1)
            sums[stretch].x += step.progress * 100
            sums[stretch].y += step[keyPath: value]
            sums[stretch].count += 1
        }
        return sums.filter { $0.count > 0 }.map { (x: $0.x / $0.count, y: $0.y / $0.count) }
    }

    /// A value of each selection, the last one held until the run's end.
    private func overEpochs(_ record: RunRecord, _ value: (SelectionSummary) -> Double) -> Series {
        var series = record.selections.map { (x: Double($0.epoch), y: value($0)) }
        if let last = series.last, record.epochs > last.x {
            series.append((x: record.epochs, y: last.y))
        }
        return series
    }
}
