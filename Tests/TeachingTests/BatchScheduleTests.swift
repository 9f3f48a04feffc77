import Foundation
import Testing

@testable import Teaching

@Suite("Batches that grow") struct BatchScheduleTests {
    @Test("the share doubles in stages of equal length until batches are whole")
    func counts() {
        let schedule = BatchSchedule(start: 0.25, until: 0.75)
        let positions = [0, 0.374, 0.376, 0.749, 0.75, 1]
        #expect(positions.map { schedule.count(of: 32, at: $0) } == [8, 8, 16, 16, 32, 32])
        #expect(positions.map { schedule.count(of: 2, at: $0) } == [1, 1, 1, 1, 2, 2])
        let uneven = BatchSchedule(start: 0.3, until: 1)
        #expect([0, 0.49, 0.51, 0.99, 1].map { uneven.count(of: 32, at: $0) } == [10, 10, 19, 19, 32])
        for whole in [BatchSchedule(start: 1), BatchSchedule(until: 0)] {
            #expect([0, 0.3, 1].allSatisfy { whole.count(of: 32, at: $0) == 32 })
        }
    }

    @Test("a run's batches follow its progress, and a lesson taken up in its midst has the same ones")
    func lessons() throws {
        var policy = Policy.standard
        policy.batches = BatchSchedule(start: 0.25, until: 0.75)
        policy.elements = ElementSchedule(start: 0.5)
        var teacher = try Teacher(policy: policy, exampleCount: 200, epochs: 4, seed: 0)
        var counts: [Int] = []
        while let lesson = try teacher.next(score: { _ in [] }) {
            let batches = lesson.batches(of: 16)
            #expect(batches.flatMap(\.examples) == lesson.examples)
            for batch in batches {
                let expected = policy.batches?.count(of: 16, at: lesson.progress(after: batch.positions.lowerBound))
                #expect(batch.examples.count == expected || batch.positions.upperBound == lesson.examples.count)
            }
            #expect(lesson.batches(of: 16, from: batches[2].positions.lowerBound) == Array(batches[2...]))
            counts += batches.map(\.examples.count)
        }
        #expect(counts.first == 4 && counts.contains(8) && counts.max() == 16)
    }

    @Test("what no schedule can have is refused")
    func invalid() {
        func refuses(_ batches: BatchSchedule, _ key: String, by policy: Policy = .standard) {
            var policy = policy
            policy.batches = batches
            #expect {
                try policy.validate()
            } throws: { error in
                if case .invalidSetting(key, _, _) = error as? TeachingError { true } else { false }
            }
        }
        refuses(BatchSchedule(start: 0), "batches.start")
        refuses(BatchSchedule(until: 1.5), "batches.until")
        refuses(BatchSchedule(), "batches", by: .selectiveBackprop)
    }

    @Test("a policy of before there were schedules has none")
    func coding() throws {
        var policy = Policy.attentPlus
        #expect(try JSONDecoder().decode(Policy.self, from: JSONEncoder().encode(policy)).batches == nil)
        policy.batches = BatchSchedule(start: 0.5, until: 0.9)
        #expect(try JSONDecoder().decode(Policy.self, from: JSONEncoder().encode(policy)) == policy)
    }
}
