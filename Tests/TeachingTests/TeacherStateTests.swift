import Foundation
import Testing

@testable import Teaching

@Suite struct TeacherStateTests {
    @Test(
        "a teacher restored after any lesson goes on with equal bits", arguments: Policy.presets,
        [nil, 0.7] as [Double?])
    func resume(policy: Policy, budget: Double?) throws {
        var run = try TestRun(policy, count: 60, epochs: 5, budget: budget)
        var copies: [(TestRun, Int)] = [(run, 0)]
        var lessons: [Taught] = []
        while let taught = try run.step() {
            lessons.append(taught)
            copies.append((run, lessons.count))
        }
        for (copy, done) in copies {
            var restored = copy
            restored.teacher = try Teacher(
                restoring: TeacherState(serialized: copy.teacher.state.serialized()))
            #expect(restored.teacher.state == copy.teacher.state && restored.teacher.lesson == copy.teacher.lesson)
            #expect(try restored.finish() == Array(lessons[done...]))
            #expect(restored.teacher.state == run.teacher.state)
        }
    }

    @Test("a teacher restored within a lesson finishes it with equal bits", arguments: Policy.presets)
    func resumeWithin(policy: Policy) throws {
        var run = try TestRun(policy, count: 60, epochs: 4)
        for _ in 0..<2 { _ = try run.step() }
        let next = try run.teacher.next(measure: { [learner = run.learner] in learner.measure($0) })
        let lesson = try #require(next)
        _ = run.teach(lesson, from: 0, to: 32)
        var restored = run
        restored.teacher = try Teacher(restoring: run.teacher.state)
        #expect(restored.teacher.lesson == lesson)
        #expect(run.teach(lesson, from: 32) == restored.teach(lesson, from: 32))
        #expect(try run.finish() == restored.finish())
        #expect(run.teacher.state == restored.teacher.state)
    }

    static func sample() throws -> Data {
        var run = try TestRun(.attentPlus, count: 12, epochs: 4)
        for _ in 0..<2 { _ = try run.step() }
        return run.teacher.state.serialized()
    }

    @Test("every truncation and every flipped bit is noticed")
    func damage() throws {
        let data = try Self.sample()
        #expect(try TeacherState(serialized: data).serialized() == data)
        for length in 0..<data.count {
            #expect(throws: TeachingError.self) { try TeacherState(serialized: data.prefix(length)) }
        }
        for position in data.indices {
            var damaged = data
            damaged[position] ^= 1 << UInt8(position % 8)
            #expect(throws: TeachingError.self) { try TeacherState(serialized: damaged) }
        }
        #expect(throws: TeachingError.self) { try TeacherState(serialized: data + [0]) }
    }

    @Test("parts that do not belong together are refused")
    func mismatch() throws {
        let state = try TeacherState(serialized: Self.sample())
        let changes: [(inout TeacherState) throws -> Void] = [
            { $0.scores = try Column(repeating: 0, count: 11) }, { $0.stamps = try Column(repeating: 0, count: 13) },
            { $0.confidences = try Column(repeating: 1, count: 1) }, { $0.examples = [99] },
            { $0.examples = [] }, { $0.weights = [1] }, { $0.header.progress = 2 }, { $0.header.nextNumber = -1 },
            { $0.header.lesson?.count = 0 }, { $0.header.exampleCount = 0 }, { $0.header.policy.annealing = 3 },
        ]
        for change in changes {
            var changed = state
            try change(&changed)
            #expect(throws: TeachingError.self) { try Teacher(restoring: changed) }
        }
    }

    @Test("a state is one value in any encoding")
    func codable() throws {
        let state = try TeacherState(serialized: Self.sample())
        let decoded = try JSONDecoder().decode([TeacherState].self, from: JSONEncoder().encode([state]))
        #expect(decoded == [state])
    }
}
