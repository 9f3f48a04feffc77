import Foundation
import Testing

@testable import Teaching

@Suite struct ScheduleTests {
    @Test("every kind runs from start to end, falling as well as rising", arguments: [(0.2, 0.8), (0.9, 0.3)])
    func endpoints(start: Double, end: Double) {
        for schedule in [Schedule.incremental(from: start, to: end), .cosine(from: start, to: end)] {
            let values = (0..<9).map { schedule.value(atCycle: $0, of: 9) }
            #expect(abs(values[0] - start) < 1e-12 && abs(values[8] - end) < 1e-12)
            #expect(zip(values, values.dropFirst()).allSatisfy { ($1 > $0) == (end > start) })
        }
    }

    @Test("the incremental schedule is linear, the cosine is half a cosine, the constant constant")
    func formulas() {
        for cycle in 0..<7 {
            let position = Double(cycle) / 6
            let linear = Schedule.incremental(from: 0.4, to: 1).value(atCycle: cycle, of: 7)
            #expect(abs(linear - (0.4 + 0.6 * position)) < 1e-12)
            let cosine = Schedule.cosine(from: 1, to: 0.4).value(atCycle: cycle, of: 7)
            #expect(abs(cosine - (1 - 0.6 * (1 - cos(.pi * position)) / 2)) < 1e-12)
            #expect(Schedule.constant(0.7).value(atCycle: cycle, of: 7) == 0.7)
        }
    }

    @Test("a single cycle has the start's value, and cycles past the last the end's")
    func edges() {
        #expect(Schedule.incremental(from: 0.3, to: 1).value(atCycle: 0, of: 1) == 0.3)
        #expect(Schedule.incremental(from: 0.3, to: 1).value(atCycle: 12, of: 5) == 1)
    }
}
