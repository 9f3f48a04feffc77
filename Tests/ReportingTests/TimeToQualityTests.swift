import Foundation
import Testing

@testable import Reporting
@testable import Training

@Suite("Time to quality") struct TimeToQualityTests {
    /// Runs of `policy@budget` over three seeds, with given seconds and accuracies.
    private func records(_ policy: String, _ points: [(budget: Double, seconds: Double, quality: [Double])])
        -> [RunRecord]
    {
        points.flatMap { point in
            point.quality.enumerated().map { seed, quality in
                let start = Fixtures.start(policy: "\(policy)@\(point.budget)", seed: UInt64(seed))
                var summary = Fixtures.summary()
                summary.seconds = point.seconds
                summary.metrics = ["val/accuracy": quality]
                return RunRecord(start: start, summary: summary)
            }
        }
    }

    private var standard: [RunRecord] {
        records(
            "standard",
            [
                (0.5, 50, [0.70, 0.71, 0.72]), (0.8, 80, [0.80, 0.81, 0.82]), (1, 100, [0.84, 0.85, 0.86]),
            ])
    }

    private let metric = QualityMetric(name: "val/accuracy")

    @Test("the reduction is that of the cheapest point as good as the full baseline") func reduction() throws {
        let taught = records("taught", [(0.5, 60, [0.845, 0.846, 0.847]), (0.8, 85, [0.86, 0.86, 0.86])])
        let result = try TimeToQuality(standard + taught, metric: metric)
        #expect(try #require(result.curves.first { $0.policy == "taught" }?.timeReduction).isNear(0.4))
        // Shortening alone saves nothing here: only its full run is as good as itself.
        #expect(try #require(result.curves.first { $0.policy == "standard" }?.timeReduction).isNear(0))
    }

    @Test("on lines between its budgets a policy saves what a grid of them hides") func interpolated() throws {
        // The target is 0.85 less a standard error of 0.01 / √3.
        let taught = records("taught", [(0.5, 60, [0.80, 0.80, 0.80]), (1, 100, [0.90, 0.90, 0.90])])
        let result = try TimeToQuality(standard + taught, metric: metric)
        let curve = try #require(result.curves.last)
        #expect(try #require(curve.timeReduction).isNear(0))
        let share = 0.6 + 0.4 * (0.85 - 0.01 / 3.0.squareRoot() - 0.80) / 0.10
        #expect(try #require(curve.interpolatedReduction).isNear(1 - share))
        #expect(try #require(curve.interpolatedReductionInterval).contains(1 - share))
        #expect(result.figures(recipe: "toy").contains("figure evidence.toy.taught.time_reduction_interpolated 22.3"))
        #expect(
            result.verdicts[1].hasPrefix("taught saves no time at equal quality, 22 % of the time between budgets ("))
        let page = try result.page(standard + taught, title: "toy", machine: "m", recipe: "r")
        #expect(page.tiles[0].value == "0 %" && page.tiles[0].note.hasSuffix("; 22 % on lines between budgets"))
        // The cheapest budget is no line's end.
        let early = records("early", [(0.5, 50, [0.86, 0.86, 0.86]), (1, 100, [0.90, 0.90, 0.90])])
        let curves = try TimeToQuality(standard + early, metric: metric).curves
        #expect(try #require(curves.last?.interpolatedReduction).isNear(0.5))
    }

    @Test("a policy that never gets there has none") func none() throws {
        let poor = records("poor", [(0.5, 40, [0.5, 0.5, 0.5]), (1, 90, [0.8, 0.8, 0.8])])
        let result = try TimeToQuality(standard + poor, metric: metric)
        #expect(result.curves.first { $0.policy == "poor" }?.timeReduction == nil)
        #expect(result.figures(recipe: "toy").contains("figure evidence.toy.poor.time_reduction none"))
        #expect(result.verdicts.contains("poor saves no time at equal quality."))
    }

    @Test("the gain is over the baseline after the same time, between its budgets") func gain() throws {
        let taught = records("taught", [(0.5, 65, [0.80, 0.80, 0.80]), (1, 120, [0.9, 0.9, 0.9])])
        let points = try #require(
            TimeToQuality(standard + taught, metric: metric).curves.first { $0.policy == "taught" }?.points)
        // Halfway between 0.71 and 0.81.
        #expect(try #require(points[0].gainAtEqualTime).isNear(0.04))
        #expect(try #require(points[1].gainAtEqualTime).isNear(0.05))
        #expect(try #require(points[0].gainInterval).contains(0.04))
        // A little before the baseline's cheapest run it is held against that, long before against nothing.
        let early = records("early", [(0.4, 44, [0.80, 0.80, 0.80]), (0.5, 46, [0.80, 0.80, 0.80])])
        let gains = try #require(
            TimeToQuality(standard + early, metric: metric).curves.last?.points.map(\.gainAtEqualTime))
        #expect(gains[0] == nil)
        #expect(try #require(gains[1]).isNear(0.09))
    }

    @Test("by the processor's clock, time is that of the processor") func processorTime() throws {
        let records = (standard + records("taught", [(0.5, 65, [0.86, 0.86, 0.86])])).map { record in
            var record = record
            let isTaught = record.start.policy.hasPrefix("taught")
            record.summary.processorSeconds = record.summary.seconds * (isTaught ? 0.5 : 1)
            return record
        }
        let result = try TimeToQuality(records, metric: metric, clock: .processor)
        #expect(try #require(result.curves.first { $0.policy == "taught" }?.timeReduction).isNear(0.675))
        #expect(result.consoleText.contains("(processor time)"))
    }

    @Test("where lower is better, signs turn") func loss() throws {
        let flipped = (standard + records("taught", [(0.5, 50, [0.9, 0.9, 0.9])])).map { record in
            var record = record
            record.summary.metrics = ["val/loss": 1 - (record.summary.metrics["val/accuracy"] ?? 0)]
            return record
        }
        let result = try TimeToQuality(flipped, metric: QualityMetric(name: "val/loss"))
        let taught = try #require(result.curves.first { $0.policy == "taught" })
        #expect(try #require(taught.timeReduction).isNear(0.5))
        #expect(try #require(taught.points[0].gainAtEqualTime).isNear(0.19))
    }

    @Test("without a full run of the baseline there is nothing to say") func noBaseline() {
        #expect(throws: ReportingError.noRuns) {
            try TimeToQuality(records("taught", [(1, 1, [0.5])]), metric: metric)
        }
        #expect(throws: ReportingError.noRuns) {
            try TimeToQuality(records("standard", [(0.5, 1, [0.5])]), metric: metric)
        }
    }

    @Test("a policy at one budget below the baseline's has its gain, and the baseline comes first") func oneBudget()
        throws
    {
        let taught = records("taught", [(0.5, 65, [0.80, 0.80, 0.80])])
        let result = try TimeToQuality(taught + standard, metric: metric)
        #expect(result.curves.map(\.policy) == ["standard", "taught"])
        #expect(result.figures(recipe: "toy").last == "figure evidence.toy.taught.gain_at_equal_time 0.0400")
        let page = try result.page(taught + standard, title: "toy", machine: "m", recipe: "r")
        #expect(page.headline.hasPrefix("taught saves no time") && page.tiles.count == 3)
    }

    @Test("the baseline's longer runs are not what others are measured against") func longer() throws {
        let longer = records("standard", [(2, 200, [0.95, 0.95, 0.95])])
        let taught = records("taught", [(0.5, 60, [0.86, 0.86, 0.86])])
        let result = try TimeToQuality(standard + longer + taught, metric: metric)
        #expect(try #require(result.curves.last?.timeReduction).isNear(0.4))
        #expect(try #require(result.curves[0].points.last?.timeShare).isNear(2))
    }

    @Test("mere shortening saves nothing for certain where only the full run is as good") func ownInterval() throws {
        let interval = try #require(try TimeToQuality(standard, metric: metric).curves[0].timeReductionInterval)
        #expect(interval.lowerBound.isNear(0) && interval.upperBound.isNear(0))
    }

    @Test("a run that diverged leaves no interval, and does not end the report", arguments: [Double.nan, .infinity])
    func diverged(quality: Double) throws {
        let taught = records("taught", [(0.5, 60, [0.86, quality, 0.86]), (1, 100, [0.86, 0.87, 0.86])])
        let result = try TimeToQuality(standard + taught, metric: metric)
        let curve = try #require(result.curves.last)
        #expect(curve.points[0].gainInterval == nil)
        #expect(curve.points[1].gainInterval != nil)
        let losing = (standard + taught).map { record in
            var record = record
            record.summary.metrics = ["val/loss": record.summary.metrics["val/accuracy"] ?? 0]
            return record
        }
        #expect(try !TimeToQuality(losing, metric: QualityMetric(name: "val/loss")).consoleText.isEmpty)
    }

    @Test("the reduction's interval holds it, and is nothing where single seeds cannot tell") func uncertainty() throws
    {
        let taught = records("taught", [(0.5, 60, [0.83, 0.85, 0.846]), (0.8, 85, [0.86, 0.86, 0.86])])
        let curve = try #require(try TimeToQuality(standard + taught, metric: metric).curves.last)
        let interval = try #require(curve.timeReductionInterval)
        #expect(interval.contains(try #require(curve.timeReduction)))
        // Some resamples reach the quality at half the budget, some do not.
        #expect(interval.lowerBound.isNear(0.15) && interval.upperBound.isNear(0.4))
        let alone = try TimeToQuality((standard + taught).filter { $0.seed == 0 }, metric: metric)
        #expect(alone.curves.allSatisfy { $0.timeReductionInterval == nil })
    }

    @Test("results.json reads back, and the page holds the verdict") func files() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result = try TimeToQuality(standard, metric: metric)
        try result.write(standard, to: folder, title: "toy", machine: "m", recipe: "r")
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/results.json"))
        #expect(try JSONDecoder().decode(TimeToQuality.self, from: data) == result)
        let page = try String(contentsOfFile: "\(folder)/report.html", encoding: .utf8)
        // The page keeps a number and its per cent on one line.
        #expect(page.replacingOccurrences(of: "\u{a0}", with: " ").contains(result.verdicts[0]))
    }
}

extension Double {
    fileprivate func isNear(_ expected: Double) -> Bool { abs(self - expected) < 1e-9 }
}
