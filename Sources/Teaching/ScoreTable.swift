/// The latest known score of every example, in 6 bytes an example (7 with confidence).
public struct ScoreTable: Sendable, Equatable {
    /// Score by example number; NaN where unknown, negative infinity where the last one handed over was not finite.
    public internal(set) var scores: Column<Float>
    /// Lesson of the last score, plus 1, at most 65,535; 0 where unknown.
    var stamps: Column<UInt16>
    /// Probability of the right answer in 255ths, 0 where the answer was wrong; empty where not tracked.
    var confidences: Column<UInt8>
    /// Scores handed over that were not finite. Such a score counts as lower than any other: a poisoned example never
    /// captures the selection.
    public internal(set) var rejectedCount = 0

    /// - Parameter scratch: a folder for the table, which is then a file mapped into memory, removed with the process;
    ///   `nil` for memory.
    /// - Throws: ``TeachingError/unwritable(path:reason:)`` where the folder has no room.
    public init(count: Int, tracksConfidence: Bool = false, scratch: String? = nil) throws(TeachingError) {
        scores = try Column(repeating: .nan, count: count, folder: scratch)
        stamps = try Column(repeating: 0, count: count, folder: scratch)
        confidences = try Column(repeating: 0, count: tracksConfidence ? count : 0, folder: scratch)
    }

    init(_ state: TeacherState) {
        scores = state.scores
        stamps = state.stamps
        confidences = state.confidences
        rejectedCount = state.header.rejectedCount
    }

    /// A shard's part of a state. Scores rejected so far are counted on rank 0.
    init(_ state: TeacherState, _ shard: Shard, _ rank: Int) throws(TeachingError) {
        scores = try state.scores.part(shard.examples)
        stamps = try state.stamps.part(shard.examples)
        confidences = try state.confidences.part(state.confidences.isEmpty ? 0..<0 : shard.examples)
        rejectedCount = rank == 0 ? state.header.rejectedCount : 0
    }

    public var count: Int { scores.count }

    /// Stores scores measured in a lesson. An example may occur more than once: the last score stays.
    ///
    /// - Parameter confidences: the probability of the right answer where the learner gives it, 0 elsewhere; kept only
    ///   where the table tracks confidence.
    public mutating func record(
        _ values: [Float], for examples: [Int32], lesson: Int, confidences: [Float]? = nil
    ) {
        precondition(values.count == examples.count, "one score an example")
        precondition(confidences == nil || confidences?.count == examples.count, "one confidence an example")
        let stamp = UInt16(clamping: lesson + 1)
        for (position, example) in examples.enumerated() {
            let value = values[position]
            scores[Int(example)] = value.isFinite ? value : -.infinity
            stamps[Int(example)] = stamp
            if !value.isFinite { rejectedCount += 1 }
        }
        guard let confidences, !self.confidences.isEmpty else { return }
        for (position, example) in examples.enumerated() {
            let value = confidences[position]
            self.confidences[Int(example)] = value.isFinite ? UInt8(max(0, min(255, value * 255))) : 0
        }
    }

    /// Mean of the finite scores; `nil` where there is none.
    public var mean: Double? { mean(among: Alone<Never>()) }

    /// That of all ranks' tables.
    func mean<Ranks: Reduction>(among ranks: Ranks) throws(Ranks.Failure) -> Double? {
        var sum = ExactSum()
        var count = 0
        for score in scores where score.isFinite {
            sum.add(Double(score))
            count += 1
        }
        let total = try ranks.sum(count)
        let value = try ranks.values(of: [sum])[0]
        return total > 0 ? value / Double(total) : nil
    }

    /// Scores at shares of the sorted finite scores, 0 for the lowest and 1 for the highest: exact up to `limit`
    /// examples, beyond that of one of each of `limit` stretches of equal length. Empty where no score is finite.
    public func quantiles(_ shares: [Double], limit: Int = 1 << 16) -> [Float] {
        quantiles(shares, of: count, first: 0, limit: limit, among: Alone<Never>())
    }

    /// Those of all ranks' tables, which have `exampleCount` examples together; this one's begins with example `first`.
    func quantiles<Ranks: Reduction>(
        _ shares: [Double], of exampleCount: Int, first: Int, limit: Int = 1 << 16, among ranks: Ranks
    ) throws(Ranks.Failure) -> [Float] {
        var sample = try ranks.joined(sample(of: exampleCount, first: first, limit: limit))
        guard !sample.isEmpty else { return [] }
        sample.sort()
        return shares.map { sample[Int((Double(sample.count - 1) * max(0, min(1, $0))).rounded())] }
    }

    /// This table's finite scores of all examples up to `limit`, beyond that of one of each of `limit` stretches of numbers:
    /// which one is drawn once and for all, as every n-th could be of one class alone.
    func sample(of exampleCount: Int, first: Int, limit: Int) -> [Float] {
        let stride = max(1, (exampleCount + limit - 1) / limit)
        guard stride > 1, count > 0 else { return scores.filter(\.isFinite) }
        let random = CounterRandom(seed: 0)
        return (first / stride...(first + count - 1) / stride).compactMap { stretch in
            let start = stretch * stride
            let length = min(stride, exampleCount - start)
            let index = start + random.integer(below: length, at: UInt64(stretch)) - first
            return (0..<count).contains(index) && scores[index].isFinite ? scores[index] : nil
        }
    }

    /// Whether an example's learner gave its right answer with at least this probability, above 0, when last scored.
    func isConfident(_ example: Int32, atLeast confidence: Double) -> Bool {
        guard !confidences.isEmpty else { return false }
        // 0 stands for a wrong answer, however low the bar.
        return Double(confidences[Int(example)]) >= max(1, (confidence * 255).rounded(.down))
    }

    /// Examples whose score is unknown or more than `age` lessons old.
    func stale(at lesson: Int, age: Int) -> [Int32] {
        // Later lessons than a stamp can tell count as the last that it can.
        let oldest = min(lesson - age, Int(UInt16.max) - 1)
        return (0..<Int32(count)).filter { stamps[Int($0)] == 0 || Int(stamps[Int($0)]) - 1 < oldest }
    }
}
