#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Everything a teacher is: save it at any step, and the restored one goes on with equal bits.
///
/// ``write(to:)`` and ``init(contentsOf:scratch:)`` take any size. As `Codable` it is one data value, the bytes of
/// ``serialized()``.
public struct TeacherState: Sendable, Equatable {
    struct Header: Codable, Sendable, Equatable {
        var policy: Policy
        var exampleCount: Int
        var epochs: Int
        var budget: Double?
        var seed: UInt64
        var nextNumber: Int
        var progress: Double
        var spending: Teacher.Spending
        var rejectedCount: Int
        var admission: AdmissionRecord
        var chosen: Selected?
        var lesson: Outline?
    }

    /// A selection without its arrays.
    struct Selected: Codable, Sendable, Equatable {
        var learningRateScale: Double
        var cycle: Int
        var phase: Plan.Phase
    }

    /// A lesson without its arrays, which follow from the selection.
    struct Outline: Codable, Sendable, Equatable {
        var number: Int
        var epoch: Int
        var cycle: Int
        var ratio: Double
        var count: Int
        var start: Double
        var end: Double
        var needsAdmission: Bool
        var isNewSelection: Bool
        var scoredCount: Int
        var pace: Pace
    }

    var header: Header
    var scores: Column<Float>
    var stamps: Column<UInt16>
    var confidences: Column<UInt8>
    /// `nil` where the selection is all examples.
    var examples: [Int32]?
    var weights: [Float]?
}

extension Teacher {
    /// The teacher as it is: between lessons, or within one with some of its scores recorded. With several ranks only
    /// ``gatheredState()`` has everything.
    public var state: TeacherState {
        state(rejectedCount: table.rejectedCount, (table.scores, table.stamps, table.confidences))
    }

    /// The same with the scores of all ranks, on every rank: what one rank would have, and what any number can restore.
    public func gatheredState() throws -> TeacherState {
        guard ranks.rankCount > 1 else { return state }
        let columns = (
            try ranks.gathered(table.scores), try ranks.gathered(table.stamps), try ranks.gathered(table.confidences)
        )
        return state(rejectedCount: try ranks.sum(table.rejectedCount), columns)
    }

    private func state(
        rejectedCount: Int, _ columns: (scores: Column<Float>, stamps: Column<UInt16>, confidences: Column<UInt8>)
    ) -> TeacherState {
        TeacherState(
            header: TeacherState.Header(
                policy: policy, exampleCount: exampleCount, epochs: epochs, budget: budget, seed: seed,
                nextNumber: nextNumber, progress: progress, spending: spending, rejectedCount: rejectedCount,
                admission: admission,
                chosen: chosen.map {
                    TeacherState.Selected(learningRateScale: $0.learningRateScale, cycle: $0.cycle, phase: $0.phase)
                },
                lesson: lesson.map(TeacherState.Outline.init)),
            scores: columns.scores, stamps: columns.stamps, confidences: columns.confidences,
            examples: chosen?.examples,
            weights: chosen?.weights)
    }

    /// A teacher that goes on where the saved one was; ``lesson`` is the lesson then being taught.
    ///
    /// Its table is the state's until the first new score; let go of a large state before that, or the table is copied.
    ///
    /// - Parameter ranks: with whom the work is shared from now on, whoever saved the state.
    /// - Throws: ``TeachingError``, where the state does not fit together.
    public init(
        restoring state: TeacherState, ranks: any Reduction<any Error> = Alone<any Error>()
    ) throws(TeachingError) {
        let header = state.header
        try state.validate()
        try self.init(
            policy: header.policy, exampleCount: header.exampleCount, epochs: header.epochs, budget: header.budget,
            seed: header.seed, ranks: ranks,
            table: { (shard) throws(TeachingError) in
                try shard.examples.count == header.exampleCount
                    ? ScoreTable(state) : ScoreTable(state, shard, ranks.rank)
            })
        nextNumber = header.nextNumber
        progress = header.progress
        spending = header.spending
        admission = header.admission
        chosen = header.chosen.map {
            Chosen(
                examples: state.examples, weights: state.weights, learningRateScale: $0.learningRateScale,
                cycle: $0.cycle, phase: $0.phase)
        }
        guard let outline = header.lesson else { return }
        var lesson = Lesson(
            outline, recordedShare: recordedShare, scale: chosen?.learningRateScale ?? 1, seed: seed)
        fill(&lesson, count: outline.count)
        self.lesson = lesson
    }
}

extension TeacherState.Outline {
    init(_ lesson: Lesson) {
        self.init(
            number: lesson.number, epoch: lesson.epoch, cycle: lesson.cycle, ratio: lesson.ratio,
            count: lesson.examples.count, start: lesson.progress.lowerBound, end: lesson.progress.upperBound,
            needsAdmission: lesson.needsAdmission, isNewSelection: lesson.isNewSelection,
            scoredCount: lesson.scoredCount, pace: lesson.pace)
    }
}

extension Lesson {
    init(_ outline: TeacherState.Outline, recordedShare: Double, scale: Double, seed: UInt64) {
        self.init(
            number: outline.number, epoch: outline.epoch, cycle: outline.cycle, ratio: outline.ratio, examples: [],
            weights: nil, progress: outline.start..<outline.end, learningRateScale: scale,
            recordedShare: recordedShare, needsAdmission: outline.needsAdmission,
            isNewSelection: outline.isNewSelection, scoredCount: outline.scoredCount, pace: outline.pace, seed: seed)
    }
}

extension TeacherState {
    /// What a checksum cannot tell: that the parts belong together.
    fileprivate func validate() throws(TeachingError) {
        let count = header.exampleCount
        try check(scores.count == count && stamps.count == count, "scores of \(scores.count) examples", "\(count)")
        let confident = header.policy.tracksConfidence ? count : 0
        try check(confidences.count == confident, "confidences of \(confidences.count) examples", "\(confident)")
        let selected = examples ?? []
        try check(
            examples == nil || !selected.isEmpty && selected.allSatisfy { $0 >= 0 && $0 < count },
            "a selection that is empty or names examples beyond the last", "example numbers below \(count)")
        try check(
            weights == nil || weights?.count == (examples?.count ?? count), "weights of other examples", "one each")
        try check(header.nextNumber >= 0, "lesson \(header.nextNumber)", "0 or more")
        try check((0...1).contains(header.progress), "progress \(header.progress)", "0 to 1")
        guard let lesson = header.lesson else { return }
        try check(
            header.chosen != nil && lesson.count >= 1 && lesson.count <= examples?.count ?? count
                && lesson.start <= lesson.end,
            "lesson \(lesson.number) without its selection", "one that teaches some of the selection")
    }

    private func check(_ holds: Bool, _ found: String, _ expected: String) throws(TeachingError) {
        guard holds else { throw .corruptState(found: found, expected: expected) }
    }
}
