import Testing

@testable import Teaching

@Suite struct TeacherTests {
    @Test(
        "progress is gapless and rising and ends in exactly 1", arguments: Policy.presets,
        [nil, 0.3, 0.75, 1, 1.6] as [Double?])
    func progress(policy: Policy, budget: Double?) throws {
        for (count, epochs) in [(200, 8), (1, 3), (2, 1), (37, 5)] {
            var run = try TestRun(policy, count: count, epochs: epochs, budget: budget)
            var position = 0.0
            for (number, taught) in try run.finish().enumerated() {
                let lesson = taught.lesson
                #expect(lesson.number == number && lesson.progress.lowerBound == position)
                #expect(lesson.progress.upperBound >= position && !lesson.examples.isEmpty)
                #expect(Set(lesson.examples).count == lesson.examples.count)
                #expect(lesson.weights == nil || lesson.weights?.count == lesson.examples.count)
                let steps = (0...lesson.examples.count).map { lesson.progress(after: $0) }
                #expect(steps.first == position && steps.last == lesson.progress.upperBound)
                #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 <= $1 })
                position = lesson.progress.upperBound
            }
            #expect(position == 1)
            #expect(try run.step() == nil && run.teacher.lesson == nil)
        }
    }

    @Test(
        "a budget is spent to the example, at every policy whose costs are known ahead", arguments: Policy.presets,
        [0.25, 0.5, 0.75, 1, 1.3])
    func budgets(policy: Policy, budget: Double) throws {
        var run = try TestRun(policy, count: 500, epochs: 6, budget: budget)
        let lessons = try run.finish()
        let target = budget * 6 * 500
        let tolerance = policy.name == "selective-backprop" ? 0.05 * target : 2
        #expect(abs(run.teacher.spending.cost - target) <= tolerance, "\(run.teacher.spending.cost) of \(target)")
        if policy.name != "selective-backprop" {
            #expect(run.teacher.spending.taught == lessons.reduce(0) { $0 + $1.lesson.examples.count })
        }
        #expect(run.teacher.spending.scored == lessons.reduce(0) { $0 + $1.lesson.scoredCount })
    }

    @Test(
        "the cost is that of the examples taught, by their share of elements, and of scoring", arguments: Policy.presets
    )
    func accounting(policy: Policy) throws {
        for budget in [nil, 0.6] as [Double?] {
            var run = try TestRun(policy, count: 400, epochs: 6, budget: budget)
            var cost = 0.0
            for taught in try run.finish() {
                let lesson = taught.lesson
                cost += policy.scoringCost * Double(lesson.scoredCount)
                let places =
                    lesson.needsAdmission
                    ? Array(repeating: 0, count: taught.trained.count) : Array(lesson.examples.indices)
                cost += places.reduce(0) { $0 + lesson.elementShare(after: $1) }
            }
            #expect(abs(cost - run.teacher.spending.cost) < 0.005 * cost, "\(cost), \(run.teacher.spending.cost)")
        }
    }

    @Test("the presets' own spends are those they document")
    func naturalSpends() throws {
        let expected: [(Policy, ClosedRange<Double>)] = [
            (.standard, 1...1), (.random, 0.699...0.701), (.randomElements, 0.58...0.59), (.attent, 0.78...0.82),
            (.attentSimple, 0.714...0.716), (.infobatch, 0.6...0.85), (.attentPlus, 0.45...0.6), (.seta, 0.7...0.95),
            (.selectiveBackprop, 0.5...0.7), (.kakurenbo, 0.7...1.05),
        ]
        for (policy, range) in expected {
            var run = try TestRun(policy, count: 400, epochs: 20)
            #expect(try run.finish().count == 20)
            let spend = run.teacher.spending.cost / 8000
            #expect(range.contains(spend), "\(policy.name) \(spend)")
        }
    }

    @Test("standard training teaches every example once a lesson, each lesson in another order")
    func standard() throws {
        var run = try TestRun(.standard, count: 50, epochs: 4)
        let lessons = try run.finish().map(\.lesson)
        #expect(lessons.allSatisfy { $0.examples.sorted() == Array(0..<50) && $0.weights == nil && !$0.recordsScores })
        #expect(Set(lessons.map(\.examples)).count == 4)
        #expect(lessons.map(\.epoch) == [0, 1, 2, 3] && run.teacher.spending.taught == 200)
    }

    @Test("equal seeds give equal runs, other seeds others", arguments: Policy.presets)
    func seeds(policy: Policy) throws {
        func lessons(_ seed: UInt64) throws -> [Taught] {
            var run = try TestRun(policy, count: 60, epochs: 5, seed: seed)
            return try run.finish()
        }
        #expect(try lessons(1) == lessons(1))
        #expect(try lessons(1) != lessons(2))
    }

    @Test("batches hold a lesson's examples and weights in order")
    func batches() throws {
        var policy = Policy.random
        policy.weights = .unbiased(cap: 10)
        var teacher = try Teacher(policy: policy, exampleCount: 14, epochs: 1, seed: 0)
        let lesson = try #require(try teacher.next(score: { _ in [] }))
        let batches = lesson.batches(of: 4)
        #expect(batches.map(\.positions) == [0..<4, 4..<8, 8..<10])
        #expect(batches.flatMap(\.examples) == lesson.examples)
        #expect(batches.flatMap { $0.weights ?? [] } == lesson.weights)
        #expect(lesson.batches(of: 4, from: 4) == Array(batches[1...]))
        #expect(lesson.batches(of: 4, from: 10).isEmpty)
    }

    @Test("a new random subset of the ratio's size is taught each lesson")
    func randomSubsets() throws {
        var run = try TestRun(.random, count: 101, epochs: 5)
        let sets = try run.finish().map { Set($0.lesson.examples) }
        #expect(sets.count == 5 && sets.allSatisfy { $0.count == 71 } && Set(sets).count == 5)
    }

    @Test("ratio and interval rise over the cycles, and a cycle's lessons share their examples")
    func intervals() throws {
        var run = try TestRun(.attent, count: 100, epochs: 15)
        let lessons = try run.finish().map(\.lesson)
        let cycles = Dictionary(grouping: lessons, by: \.cycle).sorted { $0.key < $1.key }.map(\.value)
        #expect(cycles.map(\.count) == [1, 2, 3, 4, 5])
        #expect(cycles.map { $0[0].ratio } == [0.2, 0.4, 0.6, 0.8, 1])
        for cycle in cycles {
            #expect(Set(cycle.map { Set($0.examples) }).count == 1)
            #expect(cycle.map(\.isNewSelection) == [true] + Array(repeating: false, count: cycle.count - 1))
            #expect(cycle.map(\.scoredCount) == [100] + Array(repeating: 0, count: cycle.count - 1))
        }
    }

    @Test("a falling ratio falls, also within a budget")
    func fallingRatio() throws {
        var policy = Policy.random
        policy.ratio = .cosine(from: 1, to: 0.2)
        for budget in [nil, 0.8] as [Double?] {
            var run = try TestRun(policy, count: 100, epochs: 6, budget: budget)
            let ratios = try run.finish().map(\.lesson.ratio)
            #expect(ratios.first == 1 && ratios.last == 0.2)
            #expect(zip(ratios, ratios.dropFirst()).allSatisfy { $0 > $1 })
        }
    }

    @Test("the ratio gets to its end where intervals fall, so that the last cycles would have no lesson left")
    func fallingInterval() throws {
        var policy = Policy.random
        policy.ratio = .incremental(from: 0.2, to: 1)
        policy.interval = .incremental(from: 5, to: 1)
        for lessons in 6...30 {
            let cycles = Plan.cycles(policy: policy, exampleCount: 100, lessons: lessons)
            #expect(cycles.first?.ratio == 0.2 && cycles.last?.ratio == 1 && cycles.allSatisfy { $0.start < lessons })
        }
    }

    @Test("attent-simple teaches all once, then the hardest 70 %")
    func simple() throws {
        var run = try TestRun(.attentSimple, count: 50, epochs: 3)
        let first = try #require(try run.step()).lesson
        #expect(first.examples.count == 50 && first.recordsScores)
        let scores = run.teacher.table.scores
        let second = try #require(try run.step()).lesson
        let hardest = (0..<50).sorted { scores[$0] > scores[$1] }.prefix(35)
        #expect(Set(second.examples) == Set(hardest.map { Int32($0) }))
        #expect(second.scoredCount == 0)
    }

    @Test("the last share of the run is taught in full")
    func annealing() throws {
        var policy = Policy.random
        policy.annealing = 0.25
        var natural = try TestRun(policy, count: 100, epochs: 8)
        #expect(try natural.finish().map(\.lesson.examples.count) == [70, 70, 70, 70, 70, 70, 100, 100])
        var budgeted = try TestRun(policy, count: 100, epochs: 8, budget: 0.5)
        let tail = try budgeted.finish().map(\.lesson).filter { $0.progress.lowerBound >= 0.75 }
        #expect(tail.map(\.examples.count) == [100])
        #expect(tail.first?.progress == 0.75..<1)
    }

    @Test("weights of a soft selection average 1 and favour the unlikely")
    func weights() throws {
        var policy = Policy.attentSimple
        policy.selection = .soft(Selection.Soft())
        policy.weights = .unbiased(cap: 50)
        policy.ratio = .constant(0.4)
        var run = try TestRun(policy, count: 2000, epochs: 2)
        _ = try run.step()
        let scores = run.teacher.table.scores
        let lesson = try #require(try run.step()).lesson
        let weights = try #require(lesson.weights)
        #expect(abs(weights.reduce(0, +) / Float(weights.count) - 1) < 0.1)
        let pairs = zip(lesson.examples, weights).sorted { scores[Int($0.0)] < scores[Int($1.0)] }
        #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0.1 >= $1.1 - 1e-5 })
    }

    @Test("a failing scoring pass leaves the teacher as it was")
    func failure() throws {
        struct Broken: Error {}
        var teacher = try Teacher(policy: .attent, exampleCount: 10, epochs: 3, seed: 0)
        let before = teacher.state
        #expect(throws: Broken.self) { try teacher.next(score: { _ in throw Broken() }) }
        #expect(throws: TeachingError.wrongScoreCount(found: 1, expected: 10)) {
            try teacher.next(score: { _ in [1] })
        }
        #expect(teacher.state == before)
        #expect(try teacher.next(score: { $0.map { Float($0) } })?.examples.count == 2)
    }

    @Test("scores that are not finite are counted and never capture the selection")
    func poison() throws {
        var teacher = try Teacher(policy: .attentSimple, exampleCount: 10, epochs: 2, seed: 0)
        let first = try #require(try teacher.next(score: { _ in [] }))
        teacher.record(first.examples.map { $0 < 3 ? [.nan, .infinity, -.infinity][Int($0)] : 1 }, for: first.examples)
        #expect(teacher.table.rejectedCount == 3)
        let second = try #require(try teacher.next(score: { _ in [] }))
        #expect(second.examples.sorted() == [3, 4, 5, 6, 7, 8, 9])
        #expect(teacher.table.mean == 1)
    }
}
