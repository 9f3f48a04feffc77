import Testing

@testable import Reporting
@testable import Training

@Suite struct ComparisonTableTests {
    private static func records() -> [RunRecord] {
        [
            Fixtures.record("attent", seed: 0, seconds: 7, accuracy: 0.96),
            Fixtures.record("attent", seed: 1, seconds: 8, accuracy: 0.98),
            Fixtures.record("standard", seed: 0, seconds: 10, accuracy: 0.95),
            Fixtures.record("standard", seed: 1, seconds: 10, accuracy: 0.96),
        ]
    }

    @Test("The baseline comes first, and the others are measured against it")
    func rows() throws {
        let table = try ComparisonTable(Self.records())
        #expect(table.rows.map(\.policy) == ["standard", "attent"])
        #expect(table.rows[0].timeRatio == 1 && table.rows[0].qualityGap == 0)
        #expect(table.rows[1].timeRatio == 0.75)
        #expect(abs(try #require(table.rows[1].qualityGap) - 0.015) < 1e-12)
        // By seed, the gaps are 1 and 2 points: their mean ± 12.706 standard errors of half a point.
        let interval = try #require(table.rows[1].qualityGapInterval)
        #expect(abs(interval.upperBound - (0.015 + 12.706 * 0.005)) < 1e-9)
    }

    @Test("Columns are aligned, and the numbers are those of the runs")
    func console() throws {
        let lines = try ComparisonTable(Self.records()).consoleText.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("policy"))
        #expect(Set(lines.prefix(4).map(\.count)).count == 1)
        #expect(lines[3].contains("7.5 ± 0.7 s") && lines[3].contains("97.0 ± 1.4 %") && lines[3].hasSuffix("0.75 ×"))
        #expect(lines[3].contains("3,200"))
    }

    @Test("Figures are one line each, the gap in percentage points, none for the baseline")
    func figures() throws {
        #expect(
            try ComparisonTable(Self.records()).figures == [
                "figure run.attent.time_ratio 0.7500", "figure run.attent.accuracy_gap 1.5000",
            ])
    }

    @Test("A worse policy's gap is a plain negative number")
    func negativeFigure() throws {
        let records = [Fixtures.record("standard", accuracy: 0.9), Fixtures.record("attent", accuracy: 0.875)]
        #expect(try ComparisonTable(records).figures.last == "figure run.attent.accuracy_gap -2.5000")
    }

    @Test("Without a baseline nothing is compared")
    func noBaseline() throws {
        let table = try ComparisonTable([Fixtures.record("attent")])
        #expect(table.rows[0].timeRatio == nil && table.figures.isEmpty && !table.hasBaseline)
        #expect(table.consoleText.contains("One run a policy"))
    }

    @Test("No runs are an error, not an empty table")
    func noRuns() {
        #expect(throws: ReportingError.noRuns) { try ComparisonTable([]) }
    }

    @Test("A run that stopped early is marked")
    func partial() throws {
        var record = Fixtures.record("attent")
        record.summary.isComplete = false
        #expect(try ComparisonTable([record]).consoleText.contains("attent (partial)"))
    }

    @Test(
        "The verdict says plainly who won",
        arguments: [
            ([7.0, 7.1, 7.2], [0.95, 0.96, 0.97], "saved time at a quality these seeds cannot tell apart"),
            ([12, 12.1, 12.2], [0.95, 0.96, 0.97], "lost time at a quality these seeds cannot tell apart"),
            ([7, 7.1, 7.2], [0.80, 0.81, 0.82], "was faster but worse"),
            ([12, 12.1, 12.2], [0.80, 0.81, 0.82], "lost to standard"),
            ([7, 7.1, 7.2], [0.991, 1.001, 1.011], "was faster and better"),
        ])
    func verdict(seconds: [Double], accuracies: [Double], expected: String) throws {
        let wobble = [0.001, -0.001, 0]
        let records = (0..<3).flatMap { seed in
            [
                Fixtures.record(
                    "standard", seed: UInt64(seed), seconds: 10, accuracy: 0.95 + 0.01 * Double(seed) + wobble[seed]),
                Fixtures.record("attent", seed: UInt64(seed), seconds: seconds[seed], accuracy: accuracies[seed]),
            ]
        }
        let headline = Verdict(table: try ComparisonTable(records)).headline
        #expect(headline.hasPrefix("attent \(expected): it took "), "\(headline)")
        #expect(headline.contains("95 % interval") && headline.contains("test accuracy"))
    }

    @Test("A saving that shortened standard training makes too is said to be no more than that")
    func shortened() throws {
        func headline(_ rivalSeconds: Double, _ rivalAccuracy: Double) throws -> String {
            try Verdict(
                table: ComparisonTable([
                    Fixtures.record("standard", seconds: 10, accuracy: 0.95),
                    Fixtures.record("attent", seconds: 8, accuracy: 0.96),
                    Fixtures.record("standard@0.7", seconds: rivalSeconds, accuracy: rivalAccuracy),
                ])
            ).headline
        }
        let remark = "But standard training, merely shortened, did no worse in no more time (standard@0.7)."
        #expect(try headline(7, 0.96).hasSuffix(remark))
        #expect(try !headline(7, 0.95).contains("merely"))
        #expect(try !headline(9, 0.97).contains("merely"))
    }

    @Test("A quality that is not known is neither won nor lost, and a run stopped early is a caveat")
    func unknownQuality() throws {
        var record = Fixtures.record("attent", seconds: 5, accuracy: .nan)
        record.summary.isComplete = false
        let table = try ComparisonTable([Fixtures.record("standard"), record])
        let headline = Verdict(table: table).headline
        #expect(headline.hasPrefix("attent was faster: it took 0.50 × the time of standard"))
        #expect(headline.contains("is not known for every run") && headline.contains("stopped early"))
        #expect(table.figures.last == "figure run.attent.accuracy_gap nan")
    }

    @Test("Time whose interval holds 1 is neither saved nor lost") func unclearTime() throws {
        let seconds = ["standard": [8.0, 10, 12], "attent": [7.0, 9, 12]]
        let records = ["standard", "attent"].flatMap { policy in
            (seconds[policy] ?? []).enumerated().map { seed, time in
                Fixtures.record(policy, seed: UInt64(seed), seconds: time, accuracy: 0.95 + 0.01 * Double(seed))
            }
        }
        let headline = Verdict(table: try ComparisonTable(records)).headline
        #expect(headline.hasPrefix("attent took as long at a quality these seeds cannot tell apart"), "\(headline)")
    }

    @Test("With one seed the verdict says that the spread is not known")
    func oneSeed() throws {
        let records = [
            Fixtures.record("standard", seconds: 10, accuracy: 0.95),
            Fixtures.record("attent", seconds: 11, accuracy: 0.94),
        ]
        let headline = Verdict(table: try ComparisonTable(records)).headline
        #expect(headline.hasPrefix("attent lost to standard: it took 1.10 ×"))
        #expect(headline.contains("1.0 point less test accuracy (one seed, so the spread is not known)"))
    }
}
