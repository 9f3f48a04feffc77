import Testing

@testable import Teaching

/// What a learner that has gone wrong says of some examples, under every preset.
@Suite("poisoned scores") struct PoisonTests {
    static let poisons: [Float] = [.nan, .infinity, -.infinity, .greatestFiniteMagnitude]
    static let exampleCount = 120

    static func isPoisoned(_ example: Int32) -> Bool { example % 10 == 3 }

    /// A whole run in which every tenth example, from its first score on, has the score `poison`, or its own where nil.
    struct Outcome {
        var lessons = 0
        var visits = [Int](repeating: 0, count: PoisonTests.exampleCount)
        var factors: [Double] = []
        var rejected = 0

        init(_ policy: Policy, poison: Float?) throws {
            var run = try TestRun(policy, count: PoisonTests.exampleCount, epochs: 8, seed: 3)
            func measure(_ examples: [Int32], _ learner: ToyLearner) -> ExampleScores {
                var measured = learner.measure(examples)
                for (place, example) in examples.enumerated() where PoisonTests.isPoisoned(example) {
                    measured.scores[place] = poison ?? measured.scores[place]
                }
                return measured
            }
            while let lesson = try run.teacher.next(measure: { [learner = run.learner] in measure($0, learner) }) {
                lessons += 1
                try #require(lessons < 1000)
                factors += [lesson.learningRateScale] + (lesson.weights ?? []).map(Double.init)
                for start in stride(from: 0, to: lesson.examples.count, by: run.batch) {
                    let batch = Array(lesson.examples[start..<min(start + run.batch, lesson.examples.count)])
                    let measured = measure(batch, run.learner)
                    var kept = batch
                    if lesson.needsAdmission {
                        kept = run.teacher.admit(measured.scores, for: batch).map { batch[$0] }
                    } else {
                        run.teacher.record(measured.scores, for: batch, confidences: measured.confidences)
                    }
                    run.learner.learn(kept)
                    for example in kept { visits[Int(example)] += 1 }
                }
            }
            rejected = run.teacher.table.rejectedCount
        }

        /// How many of the others were left out of the whole run.
        var neverTaught: Int { visits.indices.count { visits[$0] == 0 && !PoisonTests.isPoisoned(Int32($0)) } }

        /// Mean visits of the poisoned examples, or of the others.
        func visits(ofPoisoned isPoisoned: Bool) -> Double {
            let chosen = visits.indices.filter { PoisonTests.isPoisoned(Int32($0)) == isPoisoned }
            return Double(chosen.reduce(0) { $0 + visits[$1] }) / Double(chosen.count)
        }
    }

    @Test("never capture the selection, whatever they are", arguments: Policy.presets, poisons)
    func neverCapture(policy: Policy, poison: Float) throws {
        let clean = try Outcome(policy, poison: nil)
        let found = try Outcome(policy, poison: poison)
        let (poisoned, healthy) = (found.visits(ofPoisoned: true), found.visits(ofPoisoned: false))
        #expect(found.factors.allSatisfy { $0.isFinite && $0 > 0 })
        // The others keep being taught: at most the places that the poisoned ones can take are lost to them.
        #expect(healthy >= 0.6 * clean.visits(ofPoisoned: false), "\(healthy) of \(clean.visits(ofPoisoned: false))")
        #expect(found.neverTaught <= clean.neverTaught + 6)
        guard !poison.isFinite else { return #expect(poisoned <= Double(found.lessons)) }
        #expect(poisoned <= 1.1 * healthy, "\(poisoned) against \(healthy)")
        #expect((found.rejected > 0) == policy.usesScores)
    }
}
