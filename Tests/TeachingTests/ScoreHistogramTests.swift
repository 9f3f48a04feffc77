import Testing

@testable import Teaching

@Suite struct ScoreHistogramTests {
    @Test("every finite score is counted once, where it lies between the lowest and the highest") func counts() throws {
        var table = try ScoreTable(count: 9)
        #expect(table.histogram(buckets: 4).isEmpty)
        table.record([0, 1, 2, 3, 3.9, 4, .nan, .infinity], for: Array(0..<8), lesson: 0)
        #expect(table.histogram(buckets: 4) == [1, 1, 1, 3])
        #expect(table.histogram(buckets: 1) == [6])
    }

    @Test("quantiles of many examples are those of all kinds of them, also where kinds take turns") func takingTurns()
        throws
    {
        let count = 100_000
        var table = try ScoreTable(count: count)
        table.record(
            (0..<count).map { $0 % 2 == 0 ? Float(0.1) : 5 + Float($0) / Float(count) },
            for: Array(0..<Int32(count)), lesson: 0)
        let found = table.quantiles([0.25, 0.75, 0.9])
        #expect(found[0] == 0.1 && abs(found[1] - 5.5) < 0.05 && abs(found[2] - 5.8) < 0.05, "\(found)")
        #expect(table.histogram(buckets: 2).map { Double($0) / 25_000 }.allSatisfy { abs($0 - 1) < 0.03 })
    }

    @Test("a score of a lesson beyond what a stamp can tell is fresh") func lateLessons() throws {
        var table = try ScoreTable(count: 2)
        table.record([1], for: [0], lesson: 70_000)
        #expect(table.stale(at: 70_001, age: 5) == [1])
        table.record([1], for: [1], lesson: 60_000)
        #expect(table.stale(at: 70_001, age: 5) == [1])
    }

    @Test("equal scores share one bucket; of many examples as many are counted as quantiles take") func limits() throws
    {
        var table = try ScoreTable(count: 1000)
        table.record([Float](repeating: 2, count: 1000), for: Array(0..<1000), lesson: 0)
        #expect(table.histogram(buckets: 8) == [1000])
        #expect(table.histogram(buckets: 8, limit: 100) == [100])
        #expect(table.quantiles([0, 1], limit: 100) == [2, 2])
    }
}
