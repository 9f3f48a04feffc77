import Foundation
import Teaching
import Testing

@testable import AttentC

/// `Goldens/selections.json` was written by Python/tests/selections.py through the C functions; here `Teacher` itself
/// has to choose the same.
@Suite struct SelectionGoldenTests {
    struct Golden: Decodable {
        struct Case: Decodable, Sendable {
            var policy: JSONValue
            var seed: UInt64
            var budget: Double?
            var lessons: [String]
        }

        var count: Int
        var epochs: Int
        var batch: Int
        var cases: [Case]
    }

    @Test("the library selects for Python what the teacher selects in Swift, bit by bit")
    func selections() throws {
        let file = try #require(
            Bundle.module.url(forResource: "selections", withExtension: "json", subdirectory: "Goldens"))
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        #expect(golden.cases.count >= 15)
        for item in golden.cases {
            #expect(try lessons(of: item, golden) == item.lessons, "\(item.policy)")
        }
    }

    private func lessons(of item: Golden.Case, _ golden: Golden) throws -> [String] {
        let text =
            if case .string(let name) = item.policy {
                name
            } else {
                String(decoding: try JSONEncoder().encode(item.policy), as: UTF8.self)
            }
        var teacher = try Teacher(
            policy: Policy(text: text), exampleCount: golden.count, epochs: golden.epochs, budget: item.budget,
            seed: item.seed)
        var lines: [String] = []
        let hides = teacher.policy.tracksConfidence
        while let lesson = try teacher.next(measure: { scores(of: $0, lesson: lines.count, hides) }) {
            let end = String(format: "%.9f", lesson.progress.upperBound)
            lines.append("\(lesson.number) \(lesson.examples.count) \(end) \(fingerprint(lesson))")
            for batch in lesson.batches(of: golden.batch) {
                let measured = scores(of: batch.examples, lesson: lesson.number, hides)
                if lesson.needsAdmission {
                    _ = teacher.admit(measured.scores, for: batch.examples)
                } else {
                    teacher.record(measured.scores, for: batch.examples, confidences: measured.confidences)
                }
            }
        }
        return lines
    }

    private func scores(of examples: [Int32], lesson: Int, _ hides: Bool) -> ExampleScores {
        let scores = examples.map { Float((Int($0) * 40503 + lesson * 30011) % 65536) / 65536 }
        return ExampleScores(scores: scores, confidences: hides ? scores.map { 1 - $0 } : nil)
    }

    private func fingerprint(_ lesson: Lesson) -> String {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: UnsafeRawBufferPointer) {
            for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        lesson.examples.withUnsafeBytes(add)
        lesson.weights?.withUnsafeBytes(add)
        return String(format: "%016lx", value)
    }
}
