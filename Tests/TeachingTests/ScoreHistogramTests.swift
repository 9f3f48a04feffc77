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

    @Test("equal scores share one bucket; of many examples as many are counted as quantiles take") func limits() throws
    {
        var table = try ScoreTable(count: 1000)
        table.record([Float](repeating: 2, count: 1000), for: Array(0..<1000), lesson: 0)
        #expect(table.histogram(buckets: 8) == [1000])
        #expect(table.histogram(buckets: 8, limit: 100) == [100])
        #expect(table.quantiles([0, 1], limit: 100) == [2, 2])
    }
}
