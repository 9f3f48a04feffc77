import Testing

@testable import Reporting

@Suite struct StatisticsTests {
    @Test("Mean, sample standard deviation, standard error, median and quantiles are those of the textbook")
    func moments() {
        let values = [2.0, 4, 4, 4, 5, 5, 7, 9]
        #expect(Statistics.mean(values) == 5)
        #expect(abs(Statistics.standardDeviation(values) - 2.138_089_935) < 1e-9)
        #expect(abs(Statistics.standardError(values) - 0.755_928_946) < 1e-9)
        #expect(Statistics.median(values) == 4.5)
        #expect(Statistics.median([3, 1, 2]) == 2)
        #expect(Statistics.quantile([0, 10], 0.25) == 2.5)
    }

    @Test("A sample too small to tell gives not-a-number or nil")
    func small() {
        #expect(Statistics.mean([]).isNaN && Statistics.median([]).isNaN)
        #expect(Statistics.standardDeviation([1]).isNaN)
        #expect(Statistics.meanInterval([1]) == nil)
        #expect(Statistics.differenceInterval([1], [1, 2]) == nil)
        #expect(Statistics.bootstrapInterval([1], [2]) { $0[0] / $1[0] } == nil)
    }

    @Test(
        "Student's quantiles agree with tables",
        arguments: [(2.0, 4.303), (10, 2.228), (11, 2.201), (30, 2.042), (120, 1.980)])
    func student(degreesOfFreedom: Double, expected: Double) {
        #expect(abs(Statistics.studentQuantile(degreesOfFreedom) - expected) < 1e-3)
    }

    @Test("Welch's interval is that of a worked example")
    func welch() throws {
        // Standard errors 1 and 1, 4 degrees of freedom: 2.776 times the root of 2 to either side of 1.
        let reach = 2.776 * 2.0.squareRoot()
        let root = 3.0.squareRoot()
        let interval = try #require(Statistics.differenceInterval([1 - root, 1, 1 + root], [-root, 0, root]))
        #expect(abs(interval.lowerBound - (1 - reach)) < 1e-9 && abs(interval.upperBound - (1 + reach)) < 1e-9)
    }

    @Test("The 95 % intervals hold the truth in about 95 of 100 experiments")
    func coverage() throws {
        var generator = SplitMix64(state: 7)
        func normal() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
        }
        var (student, bootstrap) = (0, 0)
        for trial in 0..<400 {
            let (first, second) = ((0..<12).map { _ in 3 + normal() }, (0..<12).map { _ in normal() })
            if try #require(Statistics.meanInterval(first)).contains(3) { student += 1 }
            let interval = Statistics.bootstrapInterval(first, second, resamples: 200, seed: UInt64(trial)) {
                Statistics.mean($0) - Statistics.mean($1)
            }
            if try #require(interval).contains(3) { bootstrap += 1 }
        }
        #expect((370...392).contains(student))
        #expect((355...392).contains(bootstrap))
    }

    @Test("The bootstrap depends on its seed and on nothing else")
    func seeded() {
        func interval(_ seed: UInt64) -> ClosedRange<Double>? {
            Statistics.bootstrapInterval([1, 2, 3, 5, 8], [2, 3, 4, 7], seed: seed) {
                Statistics.mean($0) / Statistics.mean($1)
            }
        }
        #expect(interval(1) == interval(1))
        #expect(interval(1) != interval(2))
    }
}
