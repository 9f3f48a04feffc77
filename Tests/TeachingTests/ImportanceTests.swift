import Testing

@testable import Teaching

@Suite struct ImportanceTests {
    /// Teaches by importance from recorded scores.
    private func policy(_ importance: Selection.Importance = .init(worth: 1)) -> Policy {
        Policy(name: "importance", selection: .importance(importance), weights: .unbiased(cap: 100))
    }

    /// A teacher that has taught everything once and knows these scores.
    private func teacher(_ policy: Policy, scores: [Float], seed: UInt64 = 0) throws -> Teacher {
        var teacher = try Teacher(policy: policy, exampleCount: scores.count, epochs: 5, seed: seed)
        let lesson = try #require(try teacher.next(score: { _ in [] }))
        #expect(lesson.examples.count == scores.count && lesson.weights == nil)
        teacher.record(scores, for: Array(0..<Int32(scores.count)))
        return teacher
    }

    @Test("an example is taught with probability score over reference, between the floor and 1")
    func probability() {
        let importance = Selection.Importance(floor: 0.2, certain: 0.9, worth: 1)
        for (score, expected) in [
            (Float(0), Float(0.2)), (0.5, 0.2), (2, 0.5), (4, 1), (9, 1), (-.infinity, 0.2), (-3, 0.2), (.nan, 1),
        ] {
            #expect(importance.probability(of: score, reference: 4) == expected)
        }
        #expect(importance.probability(of: 0, reference: 0) == 1)
    }

    @Test("the work is cost times variance over their values for all, and never above 1")
    func work() {
        let importance = Selection.Importance(floor: 0.25, certain: 1, worth: 1)
        // p = 0.25, 0.5, 1 and s² / p = 0, 2, 4 at the scores 0, 1, 2.
        #expect(abs(importance.work(of: [0, 1, 2], reference: 2) - 1.75 / 3 * 6 / 5) < 1e-12)
        #expect(importance.work(of: [3, 3, 3], reference: 3) == 1)
        #expect(importance.work(of: [0, 0], reference: 0) == 1)
        for stream in 0..<50 {
            let random = CounterRandom(seed: 3, stream: UInt64(stream))
            let scores = (0..<100).map { Float(random.uniform(at: UInt64($0))) }
            #expect(importance.work(of: scores, reference: 0.9) <= 1 + 1e-9)
        }
    }

    @Test("weighted sums are unbiased for two examples as well, of which chance often keeps both") func twoExamples()
        throws
    {
        var sum = 0.0
        for seed in 0..<4000 {
            var teacher = try teacher(policy(), scores: [0.2, 1], seed: UInt64(seed))
            let lesson = try #require(try teacher.next(score: { _ in [] }))
            let place = lesson.examples.firstIndex(of: 0)
            sum += place.map { Double(lesson.weights?[$0] ?? 1) } ?? 0
        }
        // Taught with a probability of 0.4 and a weight of 2.5.
        #expect(abs(sum / 4000 - 1) < 0.1, "\(sum / 4000)")
    }

    @Test("examples are taught as often as their probability says, and weighted sums are unbiased")
    func frequencies() throws {
        let scores = (0..<100).map { Float($0) / 100 }
        let importance = Selection.Importance(worth: 1)
        let trials = 500
        var counts = [Int](repeating: 0, count: 100)
        var sum = 0.0
        for seed in 0..<trials {
            var teacher = try teacher(policy(importance), scores: scores, seed: UInt64(seed))
            let lesson = try #require(try teacher.next(score: { _ in [] }))
            for (example, weight) in zip(lesson.examples, try #require(lesson.weights)) {
                counts[Int(example)] += 1
                sum += Double(weight) * Double(scores[Int(example)])
            }
        }
        let reference = scores.sorted()[Int((0.9 * 99).rounded())]
        var statistic = 0.0
        for (example, count) in counts.enumerated() {
            let expected = Double(importance.probability(of: scores[example], reference: reference))
            guard expected < 1 else {
                #expect(count == trials)
                continue
            }
            let deviation = Double(count) - expected * Double(trials)
            statistic += deviation * deviation / (Double(trials) * expected * (1 - expected))
        }
        // Chi-square with some 89 degrees of freedom: 150 is far beyond its 99.9 % point.
        #expect(statistic < 150)
        #expect(abs(sum / Double(trials) - 49.5) < 0.5)
    }

    @Test("where scores are alike a selection is not worth it, and everything is taught")
    func gate() throws {
        let cautious = policy(.init(worth: 0.9))
        var even = try teacher(cautious, scores: (0..<200).map { 1 + Float($0 % 5) / 50 })
        let full = try #require(try even.next(score: { _ in [] }))
        #expect(full.examples.count == 200 && full.weights == nil)
        var uneven = try teacher(cautious, scores: (0..<200).map { $0 % 5 == 0 ? 1 : 0.01 })
        let some = try #require(try uneven.next(score: { _ in [] }))
        #expect(some.examples.count < 140 && some.weights != nil)
        #expect(Set(stride(from: 0, to: 200, by: 5).map { Int32($0) }).isSubset(of: some.examples))
    }

    @Test(
        "while everything is taught the scores of an eighth of the batches are wanted, and once a selection is made all"
    )
    func recording() throws {
        func share(_ lesson: Lesson) -> Double {
            Double((0..<4000).filter { lesson.records(from: 64 * $0) }.count) / 4000
        }
        let cautious = policy(.init(worth: 0.9))
        var even = try teacher(cautious, scores: Array(repeating: 1, count: 200))
        let full = try #require(try even.next(score: { _ in [] }))
        #expect(full.recordsScores && abs(share(full) - 0.125) < 0.02)
        #expect(try Teacher(restoring: even.state).lesson == full)
        var uneven = try teacher(cautious, scores: (0..<200).map { $0 % 5 == 0 ? 1 : 0.01 })
        let some = try #require(try uneven.next(score: { _ in [] }))
        #expect(some.recordsScores && share(some) == 1)
        for (preset, expected) in [(Policy.standard, 0.0), (.infobatch, 1)] {
            var teacher = try Teacher(policy: preset, exampleCount: 9, epochs: 2, seed: 0)
            let lesson = try #require(try teacher.next(score: { _ in [] }))
            #expect(share(lesson) == expected && lesson.recordsScores == (expected > 0))
        }
    }

    @Test("a sample of the scores is enough to see that a selection is worth it")
    func sampled() throws {
        var teacher = try Teacher(policy: policy(.init(worth: 0.9)), exampleCount: 400, epochs: 3, seed: 1)
        _ = try teacher.next(score: { _ in [] })
        teacher.record((0..<50).map { $0 % 5 == 0 ? 1 : 0.01 }, for: Array(0..<50))
        let lesson = try #require(try teacher.next(score: { _ in [] }))
        #expect(lesson.weights != nil && lesson.examples.filter { $0 >= 50 }.count == 350)
        #expect((10...35).contains(lesson.examples.filter { $0 < 50 }.count))
    }

    @Test("an example never seen is taught, and one with a score that is not finite is not preferred")
    func unknown() throws {
        var teacher = try Teacher(policy: policy(), exampleCount: 400, epochs: 3, seed: 1)
        _ = try teacher.next(score: { _ in [] })
        // 0 to 99 stay unknown, 100 to 199 are poisoned.
        teacher.record((100..<400).map { $0 < 200 ? .nan : Float($0) }, for: Array(100..<400))
        let lesson = try #require(try teacher.next(score: { _ in [] }))
        #expect(lesson.examples.filter { $0 < 100 }.count == 100)
        #expect((20...60).contains(lesson.examples.filter { (100..<200).contains($0) }.count))
    }
}
