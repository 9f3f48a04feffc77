import Foundation
import Testing

@testable import AttentionKernels
@testable import Reporting

@Suite struct TheoryReportTests {
    let result = TheoryResult(
        experiment: "kernel", title: "Kernel", statement: "A & B <are> equal.", equation: "a < b", verdict: "They are.",
        isSupported: true, figures: ["antk.asymmetry": 0.25, "antk.none": .nan], settings: ["seed": "0"],
        tables: [.init(title: "Parts", heads: ["part", "share"], rows: [["head", "12 %"]])],
        charts: [
            .init(
                title: "Spectrum", xTitle: "number", yTitle: "λ", lines: [.init(name: "exact", x: [1, 2], y: [3, 1])])
        ],
        heatMaps: [.init(title: "ω", columns: 2, values: [1, -1, 0, 0.5], labels: ["a", "<", "␣", "d"])])

    @Test("The page shows statement, table, chart and heat map, with its texts escaped") func page() throws {
        let page = try TheoryReport(result, machine: "m").html()
        for text in ["A &amp; B &lt;are&gt; equal.", "a &lt; b", "The measurement supports it.", "12 %", "Spectrum"] {
            #expect(page.contains(text), "\(text) is missing")
        }
        #expect(page.components(separatedBy: "<svg").count == 4, "a chart, its inner clip and a heat map")
        #expect(page.components(separatedBy: "<rect").count == 5)
        #expect(page.contains("fill-opacity=\"0.50\"") && page.contains("part c5"))
        var bare = result
        (bare.charts, bare.heatMaps) = ([], [])
        #expect(try page.contains("Charts") && !TheoryReport(bare, machine: "m").html().contains("Charts"))
        #expect(!page.contains("<script") && !page.contains("http"))
    }

    @Test("results.json holds the result, numbers that JSON has none for as words") func results() throws {
        let folder = NSTemporaryDirectory() + "attent-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try TheoryReport(result, machine: "m").write(to: folder)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/results.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let figures = try #require(root["figures"] as? [String: Any])
        #expect(figures["antk.asymmetry"] as? Double == 0.25 && figures["antk.none"] as? String == "nan")
        #expect(throws: ReportingError.self) {
            try TheoryReport(result, machine: "m").write(to: "\(folder)/results.json/below")
        }
    }
}
