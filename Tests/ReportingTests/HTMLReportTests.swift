import Foundation
import Testing

@testable import Reporting
@testable import Training

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct HTMLReportTests {
    private static func report(
        title: String = "digits", policies: [String] = ["standard", "attent"], machine: String = "2 cores",
        recipe: String = "model: vit", caption: String = "class 7"
    ) throws -> HTMLReport {
        let records = policies.flatMap { policy in
            (UInt64(0)..<3).map { seed in
                var record = Fixtures.record(
                    policy, seed: seed, seconds: policy == "standard" ? 10 : 7.5, accuracy: 0.95 + 0.004 * Double(seed))
                record.exhibition = Fixtures.exhibition(caption: caption)
                return record
            }
        }
        return try HTMLReport(title: title, records: records, machine: machine, recipe: recipe)
    }

    @Test("The page says the verdict first, then table, charts, machine and recipe")
    func order() throws {
        let page = try Self.report().html()
        let parts = ["attent saved time", "<table>", "<svg", "2 cores", "model: vit"]
        let places = try parts.map { try #require(page.range(of: $0)).lowerBound }
        #expect(places == places.sorted())
        #expect(page.contains("it took 0.75\u{A0}× the time of standard"))
    }

    @Test("Nothing is fetched and no script runs")
    func selfContained() throws {
        let page = try Self.report().html()
        for needle in ["http:", "https:", "<script", "<link", "@import", "url(", "http-equiv"] {
            #expect(!page.contains(needle), "\(needle)")
        }
        // Pictures are inside the page.
        let sources = page.matches(of: /src="([^"]*)"/).map(\.output.1)
        #expect(!sources.isEmpty && sources.allSatisfy { $0.hasPrefix("data:image/png;base64,") })
        #expect(page.contains("name=\"viewport\"") && page.contains("prefers-color-scheme: dark"))
    }

    @Test("Text from outside cannot become markup")
    func escaping() throws {
        let hostile = "<b a='\"'>&amp;</b>"
        let page = try Self.report(
            title: hostile, policies: ["standard", hostile], machine: hostile, recipe: hostile, caption: hostile
        ).html()
        #expect(!page.contains("<b a"))
        #expect(page.contains("&lt;b a=&#39;&quot;&#39;&gt;&amp;amp;&lt;/b&gt;"))
        try Self.requireWellFormed(page)
    }

    @Test(
        "The page is well formed, for one run as for many",
        arguments: [["attent"], ["standard"], ["standard", "a", "b"]])
    func wellFormed(policies: [String]) throws {
        try Self.requireWellFormed(Self.report(policies: policies).html())
    }

    @Test("Every chart has a title and a description of its own")
    func accessible() throws {
        let page = try Self.report().html()
        let charts = page.components(separatedBy: "role=\"img\"").count - 1
        #expect(charts == 7, "\(charts)")
        let identifiers = page.matches(of: /<(?:title|desc) id="([^"]+)"/).map { String($0.output.1) }
        #expect(identifiers.count == 2 * charts && Set(identifiers).count == identifiers.count)
    }

    @Test("Numbers stand out: time, quality and examples against the baseline")
    func tiles() throws {
        let page = try Self.report().html()
        #expect(page.contains("<strong>−25\u{A0}%</strong> <span>time against standard, with attent</span>"))
        #expect(page.contains("<strong>0.0</strong> <span>points of test accuracy</span>"))
    }

    @Test("Examples taught most and least stand in the page, as pictures or texts, unless all are taught alike")
    func gallery() throws {
        let page = try Self.report().html()
        #expect(page.contains("Examples: attent, seed 0") && page.contains("12 ×, score 2.500"))
        var record = Fixtures.record("attent")
        record.exhibition = Fixtures.exhibition(caption: "2 + 2 = 4", picture: nil)
        let text = try HTMLReport(title: "t", records: [record], machine: "", recipe: "").html()
        #expect(text.contains("<p>2 + 2 = 4</p>") && !text.contains("<img"))
        record.exhibition = Fixtures.exhibition(least: 11)
        #expect(try !HTMLReport(title: "t", records: [record], machine: "", recipe: "").html().contains("Examples:"))
    }

    @Test("Scores are drawn as ridges where their counts are known, as bands where a log lacks them")
    func scores() throws {
        var record = Fixtures.record("attent")
        func charts() throws -> ReportCharts { ReportCharts(table: try ComparisonTable([record]), records: [record]) }
        #expect(try charts().scoreRidges.count == 1 && charts().scoreQuantiles.isEmpty)
        #expect(try #require(charts().scoreRidges.first).ridges.map(\.name).last == "epoch 9")
        for index in record.selections.indices { record.selections[index].scoreCounts = [] }
        #expect(try charts().scoreRidges.isEmpty && charts().scoreQuantiles.count == 1)
    }

    @Test("The interval is drawn where a selection stays for more than one epoch, up to the run's end")
    func interval() throws {
        var record = Fixtures.record("attent")
        func chart() throws -> LineChart? {
            ReportCharts(table: try ComparisonTable([record]), records: [record]).interval
        }
        #expect(try chart() == nil)
        record.selections = [0, 2, 6].map { Fixtures.selection($0, epoch: $0) }
        // Lessons that teach half of the examples are half an epoch each.
        (record.summary.examplesTaught, record.summary.epochs) = (10 * record.start.exampleCount, 20)
        let points = try #require(chart()?.lines.first?.points)
        #expect(points.map(\.x) == [0, 2, 6, 10] && points.map(\.y) == [2, 4, 4, 4])
    }

    @Test("A run without history still has its page")
    func bare() throws {
        var record = Fixtures.record("attent")
        (record.steps, record.selections, record.evaluations) = ([], [], [])
        record.summary.secondsByPhase = [:]
        record.summary.metrics = [:]
        let page = try HTMLReport(title: "bare", records: [record], machine: "", recipe: "").html()
        #expect(!page.contains("<svg") && page.contains("attent (seed 0)"))
    }

    @Test("Losses that are not numbers leave no such word in a chart")
    func notFinite() throws {
        var record = Fixtures.record("attent")
        for index in record.steps.indices { record.steps[index].loss = index % 2 == 0 ? .nan : .infinity }
        record.evaluations[0].metrics["val/accuracy"] = .nan
        record.selections[0].scoreQuantiles[3] = .infinity
        let page = try HTMLReport(title: "broken", records: [record], machine: "", recipe: "").html()
        #expect(page.matches(of: /[ "](?:nan|inf)/).isEmpty)
        try Self.requireWellFormed(page)
    }

    @Test("Writing replaces an older page and leaves no other file, also after one that was killed")
    func writing() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("report.html")
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        try Data("half".utf8).write(to: URL(fileURLWithPath: "\(path).partial"))
        let report = try Self.report()
        try report.write(to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == report.html())
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.html"])
        let missing = folder.file("missing/report.html")
        #expect(throws: ReportingError.cannotWrite(path: missing, reason: "No such file or directory")) {
            try report.write(to: missing)
        }
    }

    /// The page's body is XML too, which its void elements in the head are not.
    private static func requireWellFormed(_ page: String) throws {
        let body = try #require(page.range(of: "<body>"))
        let end = try #require(page.range(of: "</body>"))
        let parser = XMLParser(data: Data(page[body.lowerBound..<end.upperBound].utf8))
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "") at line \(parser.lineNumber)")
    }
}
