import Foundation
import Testing

@testable import Teaching

@Suite struct PeerPolicyTests {
    @Test("InfoBatch drops half of the examples below the mean, weighs the kept ones 2, and ends with full data")
    func infobatch() throws {
        var run = try TestRun(.infobatch, count: 2000, epochs: 8)
        #expect(try #require(try run.step()).lesson.examples.count == 2000)
        var dropped = 0
        var easyCount = 0
        for _ in 1..<7 {
            let scores = run.teacher.table.scores
            let mean = scores.reduce(0, +) / 2000
            let lesson = try #require(try run.step()).lesson
            let weights = try #require(lesson.weights)
            for (example, weight) in zip(lesson.examples, weights) {
                #expect(weight == (scores[Int(example)] < mean ? 2 : 1))
            }
            let taught = Set(lesson.examples)
            let easy = (0..<2000).filter { scores[$0] < mean }
            easyCount += easy.count
            dropped += easy.filter { !taught.contains(Int32($0)) }.count
            #expect((0..<2000).allSatisfy { scores[$0] < mean || taught.contains(Int32($0)) })
        }
        #expect(abs(Double(dropped) / Double(easyCount) - 0.5) < 0.03)
        let last = try #require(try run.step()).lesson
        #expect(last.examples.count == 2000 && last.weights == nil)
    }

    @Test("InfoBatch's weighted sums are unbiased")
    func infobatchSum() throws {
        var sum = 0.0
        let runs = 200
        for seed in 0..<runs {
            var run = try TestRun(.infobatch, count: 100, epochs: 8, seed: UInt64(seed))
            _ = try run.step()
            let lesson = try #require(try run.step()).lesson
            sum += zip(lesson.examples, lesson.weights ?? []).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        #expect(abs(sum / Double(runs) - 4950) < 130)
    }

    @Test("Selective-Backprop admits with probability percentile^beta")
    func selectiveBackprop() throws {
        var policy = Policy.selectiveBackprop
        policy.selection = .admission(Selection.Admission(beta: 3, history: 100))
        var counts = [Int](repeating: 0, count: 100)
        let trials = 600
        for seed in 0..<trials {
            var teacher = try Teacher(policy: policy, exampleCount: 100, epochs: 1, seed: UInt64(seed))
            let lesson = try #require(try teacher.next(score: { _ in [] }))
            #expect(lesson.needsAdmission && lesson.examples.count == 100)
            let examples = Array(0..<Int32(100))
            for position in teacher.admit(examples.map { Float($0) }, for: examples) { counts[position] += 1 }
        }
        var statistic = 0.0
        for (example, count) in counts.enumerated().dropFirst(20).dropLast() {
            let probability = pow(Double(example + 1) / 100, 3)
            let mean = probability * Double(trials)
            statistic += pow(Double(count) - mean, 2) / (mean * (1 - probability))
        }
        // Chi-square with 79 degrees of freedom: mean 79, standard deviation 12.6.
        #expect(statistic < 79 + 5 * 12.6)
        #expect(counts[99] == trials)
    }

    @Test("the percentile is taken over the latest scores only, and the floor admits the lowest")
    func admissionHistory() {
        let settings = Selection.Admission(beta: 2, history: 4, floor: 0.1)
        var record = AdmissionRecord()
        record.remember([9, 9, 9, 1, 2, .nan, 3, 4], limit: 4)
        #expect(record.history == [1, 2, 3, 4])
        #expect(settings.probability(of: 2, among: [1, 2, 3, 4]) == 0.25)
        #expect(settings.probability(of: 0, among: [1, 2, 3, 4]) == 0.1)
        #expect(settings.probability(of: 5, among: [1, 2, 3, 4]) == 1)
        #expect(settings.probability(of: .nan, among: [1, 2, 3, 4]) == 0.1)
    }

    @Test("KAKURENBO hides low losses only where the learner is right and confident, and scales the learning rate")
    func kakurenbo() throws {
        let count = 100
        var teacher = try Teacher(policy: .kakurenbo, exampleCount: count, epochs: 10, seed: 0)
        // Rising loss; every second example is answered with confidence.
        func measure(_ examples: [Int32]) -> ExampleScores {
            ExampleScores(
                scores: examples.map { Float($0) }, confidences: examples.map { $0 % 2 == 0 ? 0.9 : 0.5 })
        }
        let first = try #require(try teacher.next(measure: measure))
        #expect(first.examples.count == count && first.learningRateScale == 1 && first.scoredCount == 0)
        for number in 1..<10 {
            let measured = measure(first.examples)
            teacher.record(measured.scores, for: first.examples, confidences: measured.confidences)
            let lesson = try #require(try teacher.next(measure: measure))
            let start = lesson.progress.lowerBound
            let share = start < 0.3 ? 0.3 : start < 0.6 ? 0.24 : start < 0.8 ? 0.18 : 0.12
            let hidden = Set(0..<Int32(count)).subtracting(lesson.examples)
            #expect(hidden == Set((0..<Int32(share * 100)).filter { $0 % 2 == 0 }), "lesson \(number)")
            #expect(abs(lesson.learningRateScale - 1 / (1 - Double(hidden.count) / 100)) < 1e-12)
        }
    }

    @Test("KAKURENBO scores exactly the examples that were hidden in the lesson before")
    func kakurenboRefresh() throws {
        var run = try TestRun(.kakurenbo, count: 300, epochs: 8)
        var hidden: Set<Int32> = []
        for _ in 0..<8 {
            var asked: [Int32] = []
            let learner = run.learner
            let lesson = try #require(
                try run.teacher.next(measure: {
                    asked = $0; return learner.measure($0)
                }))
            #expect(Set(asked) == hidden && lesson.scoredCount == hidden.count)
            hidden = Set(0..<300).subtracting(lesson.examples)
            _ = run.teach(lesson, from: 0)
        }
        #expect(!hidden.isEmpty)
    }

    @Test("SeTa's window slides over the loss clusters from easy to hard and starts again")
    func seta() throws {
        var policy = Policy.seta
        policy.selection = .window(Selection.Window(pruned: 0, clusters: 4, width: 0.5))
        var teacher = try Teacher(policy: policy, exampleCount: 40, epochs: 16, seed: 0)
        // Four far clusters of ten.
        let groups = { (example: Int32) in example / 10 }
        var windows: [[Int32]] = []
        while let lesson = try teacher.next(score: { _ in [] }) {
            windows.append(Set(lesson.examples.map(groups)).sorted())
            teacher.record(lesson.examples.map { Float(groups($0)) * 10 + Float($0 % 10) * 0.1 }, for: lesson.examples)
        }
        #expect(windows[0] == [0, 1, 2, 3])
        #expect(Array(windows[1..<7]) == [[1, 2], [2, 3], [0, 1], [1, 2], [2, 3], [0, 1]])
        #expect(windows[14] == [0, 1, 2, 3] && windows[15] == [0, 1, 2, 3])
    }

    @Test("SeTa drops its share at random, at the end too")
    func setaPruning() throws {
        var run = try TestRun(.seta, count: 200, epochs: 8)
        let sizes = try run.finish().map(\.lesson.examples.count)
        // The first window is all clusters, later ones are four of the five.
        #expect(sizes[0] == 180 && sizes[7] == 180 && sizes[1..<7].allSatisfy { $0 < 180 })
    }

    @Test("clusters minimise the distance to their means")
    func clusters() {
        let random = CounterRandom(seed: 3)
        let scores = (0..<900).map { Float($0 / 300) * 5 + Float(random.uniform(at: UInt64($0))) }
        let clusters = ScoreClusters(of: scores, count: 3, among: Alone<Never>())
        #expect(scores.indices.allSatisfy { clusters.index(of: scores[$0]) == $0 / 300 })
        let equal = ScoreClusters(of: [2, 2, 2], count: 3, among: Alone<Never>())
        #expect(equal.index(of: 2) == 0 && equal.isSingle)
    }

    @Test("no cluster stays empty where most scores are low and few lie far apart")
    func outliers() {
        let random = CounterRandom(seed: 3)
        let scores = (0..<3000).map { index in
            Float(random.uniform(at: UInt64(index))) * (index % 50 == 0 ? 9 : 0.001)
        }
        let clusters = ScoreClusters(of: scores, count: 5, among: Alone<Never>())
        let sizes = scores.reduce(into: [Int](repeating: 0, count: 5)) { $0[clusters.index(of: $1)] += 1 }
        #expect(sizes.allSatisfy { $0 > 0 } && sizes[0] > 2900, "\(sizes)")
    }

    @Test("where all scores are equal SeTa drops none but at random") func equalScores() throws {
        var policy = Policy.seta
        policy.selection = .window(Selection.Window(pruned: 0, clusters: 4, width: 0.5))
        var teacher = try Teacher(policy: policy, exampleCount: 40, epochs: 8, seed: 0)
        while let lesson = try teacher.next(score: { _ in [] }) {
            #expect(lesson.examples.count == 40)
            teacher.record([Float](repeating: 0.5, count: 40), for: lesson.examples)
        }
    }
}
