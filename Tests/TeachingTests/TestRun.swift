import Testing

@testable import Teaching

/// A learner that needs no engine: an example's loss falls with each visit, at a pace of its own.
struct ToyLearner {
    var visits: [Int]
    let seed: UInt64

    init(count: Int, seed: UInt64 = 7) {
        visits = Array(repeating: 0, count: count)
        self.seed = seed
    }

    func losses(_ examples: [Int32]) -> [Float] {
        let random = CounterRandom(seed: seed)
        return examples.map { example in
            let difficulty = random.uniform(at: UInt64(example))
            return Float(0.1 + 3 * difficulty / (1 + Double(visits[Int(example)])))
        }
    }

    func measure(_ examples: [Int32]) -> ExampleScores {
        let scores = losses(examples)
        return ExampleScores(scores: scores, confidences: scores.map { $0 < 1 ? 1 - $0 / 2 : 0 })
    }

    mutating func learn(_ examples: [Int32]) {
        for example in examples { visits[Int(example)] += 1 }
    }
}

/// What a lesson came to.
struct Taught: Equatable {
    var lesson: Lesson
    var trained: [Int32]
}

/// A teacher and a learner in the plainest loop.
struct TestRun {
    var teacher: Teacher
    var learner: ToyLearner
    var batch = 16

    init(
        _ policy: Policy, count: Int = 200, epochs: Int = 8, budget: Double? = nil, seed: UInt64 = 0,
        ranks: any Reduction<any Error> = Alone<any Error>()
    ) throws {
        teacher = try Teacher(
            policy: policy, exampleCount: count, epochs: epochs, budget: budget, seed: seed, ranks: ranks)
        learner = ToyLearner(count: count)
    }

    mutating func step() throws -> Taught? {
        guard let lesson = try teacher.next(measure: { [learner] in learner.measure($0) }) else { return nil }
        return Taught(lesson: lesson, trained: teach(lesson, from: 0))
    }

    mutating func teach(_ lesson: Lesson, from first: Int, to last: Int = .max) -> [Int32] {
        var trained: [Int32] = []
        for start in stride(from: first, to: min(last, lesson.examples.count), by: batch) {
            let candidates = Array(lesson.examples[start..<min(start + batch, lesson.examples.count)])
            let measured = learner.measure(candidates)
            var kept = candidates
            if lesson.needsAdmission {
                kept = teacher.admit(measured.scores, for: candidates).map { candidates[$0] }
            } else {
                teacher.record(measured.scores, for: candidates, confidences: measured.confidences)
            }
            learner.learn(kept)
            trained += kept
        }
        return trained
    }

    mutating func finish() throws -> [Taught] {
        var all: [Taught] = []
        while let taught = try step() {
            all.append(taught)
            try #require(all.count < 10_000)
        }
        return all
    }
}
