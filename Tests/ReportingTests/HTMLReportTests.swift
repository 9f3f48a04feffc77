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
        recipe: String = "model: vit"
    ) throws -> HTMLReport {
        let records = policies.flatMap { policy in
            (0..<3).map { seed in
                Fixtures.record(
                    policy, seed: seed, seconds: policy == "standard" ? 10 : 7.5, accuracy: 0.95 + 0.004 * Double(seed))
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
        for needle in ["http:", "https:", "<script", "<link", "<img", "@import", "url(", "src="] {
            #expect(!page.contains(needle), "\(needle)")
        }
        #expect(page.contains("name=\"viewport\"") && page.contains("prefers-color-scheme: dark"))
    }

    @Test("Text from outside cannot become markup")
    func escaping() throws {
        let hostile = "<b a='\"'>&amp;</b>"
        let page = try Self.report(
            title: hostile, policies: ["standard", hostile], machine: hostile, recipe: hostile
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
        #expect(charts == 7)
        let identifiers = page.matches(of: /<(?:title|desc) id="([^"]+)"/).map { String($0.output.1) }
        #expect(identifiers.count == 2 * charts && Set(identifiers).count == identifiers.count)
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

    @Test("Writing replaces an older page and leaves no other file")
    func writing() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("report.html")
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
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
