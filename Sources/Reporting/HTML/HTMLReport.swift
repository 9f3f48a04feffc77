/// A self-contained page about one run or a comparison of several: one file, no script, nothing fetched.
public struct HTMLReport: Sendable {
    private let title: String
    private let machine: String
    private let recipe: String
    private let table: ComparisonTable
    private let records: [RunRecord]

    /// - Parameters:
    ///   - title: what was run, such as the recipe's name.
    ///   - records: the runs; of any number of policies and seeds.
    ///   - machine: what it ran on, in words; lines are kept.
    ///   - recipe: the recipe's text, shown as it is.
    /// - Throws: ``ReportingError/noRuns`` for no records.
    public init(
        title: String, records: [RunRecord], baseline: String = "standard", metric: QualityMetric? = nil,
        machine: String, recipe: String
    ) throws(ReportingError) {
        table = try ComparisonTable(records, baseline: baseline, metric: metric)
        (self.title, self.machine, self.recipe, self.records) = (title, machine, recipe, records)
    }

    /// Writes the page to `path` under a temporary name and renames it, so that nothing half-written bears the name.
    public func write(to path: String) throws(ReportingError) { try page.write(to: path) }

    /// The page.
    public func html() throws(ReportingError) -> String { try page.html() }

    var page: ReportPage {
        let verdict = Verdict(table: table)
        let charts = ReportCharts(table: table, records: records)
        return ReportPage(
            title: title, headline: verdict.headline, others: verdict.others, tiles: verdict.tiles, heads: table.heads,
            rows: table.rows.enumerated().map {
                ReportPage.Row(color: charts.color(of: $0), cells: table.cells(of: $1))
            },
            caption: table.caption,
            chartNote: table.rows.contains { $0.seeds.count > 1 }
                ? "Lines and bars are means over seeds, bands one sample standard deviation to either side." : "",
            figures: charts.figures, galleries: charts.galleries, machine: machine, recipe: recipe)
    }
}
