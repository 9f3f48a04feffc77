import Checkpoints
import Foundation
import Training

extension TimeToQuality {
    private var quality: QualityMetric { QualityMetric(name: metric) }
    private static let heads = ["policy", "budget", "time", "processor", "quality", "gain at equal time"]

    private var rows: [(curve: Int, cells: [String])] {
        curves.enumerated().flatMap { index, curve in curve.points.map { (index, cells(of: $0, curve)) } }
    }

    private func cells(of point: Point, _ curve: Curve) -> [String] {
        let scale = quality.isShare ? 100.0 : 1
        let gain = point.gainAtEqualTime.map { gain -> String in
            let interval = point.gainInterval.map {
                " [\(Format.signed($0.lowerBound * scale, 2)), \(Format.signed($0.upperBound * scale, 2))]"
            }
            return Format.signed(gain * scale, 2) + (interval ?? "")
        }
        return [
            curve.policy, Format.percent(point.budget, 0), Format.percent(point.timeShare, 0),
            Format.duration(Statistics.mean(point.processorSeconds)), quality.text(point.quality),
            curve.policy == baseline ? "–" : gain ?? "–",
        ]
    }

    /// One sentence a policy.
    var verdicts: [String] {
        curves.map { curve in
            let subject = curve.policy == baseline ? "\(curve.policy), merely shortened," : curve.policy
            let atBudgets = Self.saved(curve.timeReduction) ?? "no time"
            let sureness = atBudgets == "no time" ? nil : curve.timeReductionInterval
            let verdict =
                "\(subject) saves \(atBudgets) at equal quality"
                + (sureness.map { " (95 % interval \(Self.percents($0)))" } ?? "")
            guard let line = Self.saved(curve.interpolatedReduction) else { return verdict + "." }
            let range = curve.interpolatedReductionInterval.map { " (\(Self.percents($0)))" }
            return "\(verdict), \(line) between budgets\(range ?? "")."
        }
    }

    /// Nil where it is nothing to speak of.
    private static func saved(_ reduction: Double?) -> String? {
        reduction.flatMap { $0 > 0.005 ? "\(Format.percent($0, 0)) of the time" : nil }
    }

    private static func percents(_ interval: ClosedRange<Double>) -> String {
        "\(Format.decimals(interval.lowerBound * 100, 0)) to \(Format.percent(interval.upperBound, 0))"
    }

    var caption: String {
        "Equal quality: a mean within one standard error of \(baseline)'s full run; between budgets curves are taken for straight "
            + "lines. Time is measured (\(clock.rawValue) time), as a share of that run's. "
            + "Gains are over \(baseline) after the same time, in points where quality is a share, with their 95 % bootstrap interval."
    }

    public var consoleText: String {
        ([Format.table(Self.heads, rows.map(\.cells)), ""] + verdicts + ["", caption]).joined(separator: "\n")
    }

    /// `figure evidence.RECIPE.POLICY.time_reduction` in per cent or none, the same on lines between budgets, and the gain at the
    /// policy's largest budget below 1, or where it has none at its largest.
    public func figures(recipe: String) -> [String] {
        curves.flatMap { curve -> [String] in
            let name = "figure evidence.\(recipe).\(curve.policy)"
            func percents(_ reduction: Double?) -> String {
                reduction.map { String(format: "%.1f", max(0, $0) * 100) } ?? "none"
            }
            let point = curve.points.last { $0.budget < 1 } ?? curve.points.last
            let gain = point?.gainAtEqualTime.map { String(format: "%.4f", $0) }
            return [
                "\(name).time_reduction \(percents(curve.timeReduction))",
                "\(name).time_reduction_interpolated \(percents(curve.interpolatedReduction))",
            ]
                + (curve.policy == baseline ? [] : gain.map { ["\(name).gain_at_equal_time \($0)"] } ?? [])
        }
    }

    /// Writes `results.json` and `report.html` into a folder.
    ///
    /// - Parameter records: the runs, of whose longest budgets the page shows how they went.
    public func write(
        _ records: [RunRecord], to folder: String, title: String, machine: String, recipe: String
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try AtomicFile.write(encoder.encode(self), to: "\(folder)/results.json")
        try page(records, title: title, machine: machine, recipe: recipe).write(to: "\(folder)/report.html")
    }

    func page(
        _ records: [RunRecord], title: String, machine: String, recipe: String
    ) throws(ReportingError) -> ReportPage {
        let longest = longestRuns(among: records)
        let charts = ReportCharts(
            table: try ComparisonTable(longest, baseline: baseline, metric: quality), records: longest)
        let chart = chart
        return ReportPage(
            title: title, headline: verdicts.last ?? "", others: Array(verdicts.dropLast()), tiles: tiles,
            heads: Self.heads, rows: rows.map { ReportPage.Row(color: $0.curve, cells: $0.cells) }, caption: caption,
            chartNote: "Points and lines are means over seeds, bands one sample standard deviation to either side. All "
                + "charts but the first are of each policy's longest runs.",
            figures: [ReportPage.Figure(title: chart.title, legend: chart.legend) { chart.svg(identifier: $0) }]
                + charts.figures,
            galleries: charts.galleries, machine: machine, recipe: recipe)
    }

    /// The runs at the largest budget of each policy, under the policy's own name, in the order of the curves.
    private func longestRuns(among records: [RunRecord]) -> [RunRecord] {
        curves.flatMap { curve in
            records.filter { $0.policyAndBudget == (curve.policy, curve.points.last?.budget ?? 1) }.map { record in
                var named = record
                named.start.policy = curve.policy
                return named
            }
        }
    }

    /// What the last policy saves, and what it gains where the budgets end.
    private var tiles: [ReportPage.Tile] {
        guard let curve = curves.last, curve.policy != baseline else { return [] }
        var tiles = [savingTile(of: curve, named: "less time at equal quality with \(curve.policy)")]
        if let shortened = curves.first(where: { $0.policy == baseline }) {
            tiles.append(savingTile(of: shortened, named: "less time by merely shortening \(baseline)"))
        }
        if let point = curve.points.last, let gain = point.gainAtEqualTime {
            let scale = quality.isShare ? 100.0 : 1
            tiles.append(
                .init(
                    value: Format.signed(gain * scale, 2),
                    name: (quality.isShare ? "points of " : "better ") + "\(quality.title) after equal time",
                    note: point.gainInterval.map {
                        "95 % interval \(Format.signed($0.lowerBound * scale, 2)) to "
                            + Format.signed($0.upperBound * scale, 2)
                    } ?? ""))
        }
        return tiles
    }

    private func savingTile(of curve: Curve, named name: String) -> ReportPage.Tile {
        let interval = curve.timeReductionInterval.map { "95 % interval \(Self.percents($0))" }
        let between = curve.interpolatedReduction.map { "\(Format.percent(max($0, 0), 0)) on lines between budgets" }
        let notes = [curve.timeReduction == nil ? "no budget was as good" : interval ?? "one seed", between]
        return .init(
            value: Format.percent(max(curve.timeReduction ?? 0, 0), 0), name: name,
            note: notes.compactMap { $0 }.joined(separator: "; "))
    }

    private var chart: LineChart {
        LineChart(
            title: "\(quality.title.capitalizedFirst) after how much time",
            xTitle: "\(clock.rawValue) time, % of \(baseline)'s full run",
            yTitle: quality.title + (quality.isShare ? ", %" : ""), yLabelScale: quality.isShare ? 100 : 1,
            xReach: [100],
            lines: curves.enumerated().map { index, curve in
                LineChart.Line(
                    name: curve.policy, color: Palette.color(index),
                    points: curve.points.map { point in
                        let mean = Statistics.mean(point.quality)
                        let spread = Statistics.standardDeviation(point.quality)
                        let reach = spread.isFinite ? spread : 0
                        return .init(x: point.timeShare * 100, y: mean, low: mean - reach, high: mean + reach)
                    })
            })
    }
}
