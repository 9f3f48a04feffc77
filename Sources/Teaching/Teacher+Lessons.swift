extension Teacher {
    /// The next lesson, or `nil` at the run's end.
    ///
    /// - Parameter score: measures examples without learning from them, one score each in their order; called only
    ///   where the policy needs it, before the lesson's selection, with several ranks on each for its own shard. A score
    ///   that is not finite counts as lower than any other. Where the policy tracks confidence, that of an example stays
    ///   what it was.
    /// - Throws: what `score` throws, or ``TeachingError/wrongScoreCount(found:expected:)``; the teacher then stays as
    ///   it was.
    public mutating func next(score: ([Int32]) throws -> [Float]) throws -> Lesson? {
        try next(measure: { ExampleScores(scores: try score($0)) })
    }

    /// As ``next(score:)``, with the learner's confidence beside its scores (KAKURENBO).
    public mutating func next(measure: ([Int32]) throws -> ExampleScores) throws -> Lesson? {
        guard let phase = plan.phase(ofLesson: nextNumber, progress: progress) else {
            lesson = nil
            return nil
        }
        let cycle = plan.cycle(ofLesson: nextNumber, phase: phase)
        let isNew = chosen?.cycle != cycle || chosen?.phase != phase
        let stale = isNew && phase == .selecting ? staleExamples() : []
        let scoredCount = affordable(isNew && phase == .selecting ? try ranks.sum(stale.count) : 0)
        if scoredCount > 0, !stale.isEmpty { try refresh(stale, measure: measure) }
        if isNew { chosen = try choose(cycle: cycle, phase: phase) }
        let lesson = makeLesson(phase: phase, cycle: cycle, isNew: isNew, scoredCount: scoredCount)
        begin(lesson)
        return lesson
    }

    private mutating func refresh(_ examples: [Int32], measure: ([Int32]) throws -> ExampleScores) throws {
        let measurement = try measure(examples)
        for count in [measurement.scores.count, measurement.confidences?.count ?? examples.count]
        where count != examples.count {
            throw TeachingError.wrongScoreCount(found: count, expected: examples.count)
        }
        // These scores are those at the end of the lesson before.
        keep(measurement.scores, for: examples, confidences: measurement.confidences)
    }

    /// Those of this rank's shard.
    private func staleExamples() -> [Int32] {
        guard policy.usesScores, case .refreshed(let age) = policy.source else { return [] }
        let first = Int32(shard.examples.lowerBound)
        guard age > 0 else { return shard.examples.map { Int32($0) } }
        // Before the first scores of a run arrive for free, nothing is worth a pass: unknown examples are chosen
        // anyway.
        return table.stale(at: nextNumber, age: age).filter { table.scores[Int($0)] == table.scores[Int($0)] }
            .map { $0 + first }
    }

    /// A scoring pass that would eat up what is left of the budget is left out.
    private func affordable(_ count: Int) -> Int {
        guard let cost = plan.cost else { return count }
        let left = (plan.annealingStart - progress) * cost
        return policy.scoringCost * Double(count) < left ? count : 0
    }

    private mutating func begin(_ lesson: Lesson) {
        let cost = lesson.pace.total * (lesson.progress.upperBound - lesson.progress.lowerBound)
        spending.scored += lesson.scoredCount
        admission.settled = 0
        // Candidates are paid for as they are admitted.
        if !lesson.needsAdmission {
            spending.taught += lesson.examples.count
            spending.cost += cost
        }
        self.lesson = lesson
        progress = lesson.progress.upperBound
        nextNumber += 1
    }
}

/// What a scoring pass finds out, one value an example.
public struct ExampleScores: Sendable, Equatable {
    public var scores: [Float]
    /// The probability of the right answer where the learner gives it, 0 elsewhere.
    public var confidences: [Float]?

    public init(scores: [Float], confidences: [Float]? = nil) {
        self.scores = scores
        self.confidences = confidences
    }
}
