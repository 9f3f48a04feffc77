/// What is taught next: examples in teaching order, and where the run stands.
public struct Lesson: Sendable, Equatable {
    /// Counts from 0.
    public internal(set) var number: Int
    /// Whole passes over the data set taught before this lesson: examples taught, divided by their number.
    public internal(set) var epoch: Int
    /// Counts selections from 0; lessons of one cycle teach the same examples in different orders.
    public internal(set) var cycle: Int
    /// Share of all examples that this cycle teaches.
    public internal(set) var ratio: Double
    /// Example numbers in teaching order, each once.
    public internal(set) var examples: [Int32]
    /// One a lesson's example, in the same order; `nil` where all weigh 1.
    public internal(set) var weights: [Float]?
    /// Share of the run's cost spent before and after this lesson; the last lesson ends at exactly 1.
    public internal(set) var progress: Range<Double>
    /// Factor on the learning rate (KAKURENBO); otherwise 1.
    public internal(set) var learningRateScale: Double
    /// Whether the trainer has to hand its training forward's scores to ``Teacher/record(_:for:confidences:)``.
    public var recordsScores: Bool { recordedShare > 0 }
    /// Share of the batches whose scores are wanted, see ``records(from:)``: below 1 where a sample will do, 0 where none
    /// are. Scores of others are welcome too, but need not be measured.
    public internal(set) var recordedShare: Double
    /// Whether the examples are candidates that ``Teacher/admit(_:for:)`` thins out batch by batch.
    public internal(set) var needsAdmission: Bool
    /// Whether a selection was made for this lesson, rather than kept from the one before or skipped.
    public internal(set) var isNewSelection: Bool
    /// Examples that got a scoring pass for this lesson.
    public internal(set) var scoredCount: Int

    var pace: Pace
    var seed: UInt64

    /// Some of a lesson's examples, next to each other in its order.
    public struct Batch: Sendable, Equatable {
        /// Example numbers.
        public var examples: [Int32]
        /// One an example; `nil` where all weigh 1.
        public var weights: [Float]?
        /// Where the examples are in the lesson.
        public var positions: Range<Int>
    }

    /// The same lesson in another order: `positions` names each of its examples once.
    public func arranged(_ positions: [Int]) -> Lesson {
        precondition(positions.count == examples.count, "a position an example")
        var lesson = self
        lesson.examples = positions.map { examples[$0] }
        lesson.weights = weights.map { weights in positions.map { weights[$0] } }
        return lesson
    }

    /// The examples in batches of `size`, the last one smaller where it has to be.
    ///
    /// - Parameter start: examples to leave out, since they were taught before.
    public func batches(of size: Int, from start: Int = 0) -> [Batch] {
        stride(from: start, to: examples.count, by: size).map { first in
            let positions = first..<min(first + size, examples.count)
            return Batch(
                examples: Array(examples[positions]), weights: weights.map { Array($0[positions]) },
                positions: positions)
        }
    }

    /// Share of the run's cost spent once `taught` of the lesson's examples are: the position for a learning-rate
    /// schedule.
    public func progress(after taught: Int) -> Double {
        guard taught < examples.count else { return progress.upperBound }
        return min(progress.upperBound, pace.progress(from: progress.lowerBound, after: Double(max(0, taught))))
    }

    /// Whether the scores of the batch that begins at this position in the lesson are wanted: a function of the seed, the
    /// lesson and the position.
    public func records(from start: Int) -> Bool {
        guard recordedShare < 1 else { return true }
        let random = CounterRandom(seed: seed, purpose: .recording, number: number)
        return random.uniform(at: UInt64(start)) < recordedShare
    }

    /// Share of each example's elements to teach once `taught` of the lesson's examples are, in `(0, 1]`.
    public func elementShare(after taught: Int) -> Double {
        pace.elements?.share(at: progress(after: taught)) ?? 1
    }

    /// How many of an example's `count` elements to teach once `taught` of the lesson's examples are, at least one.
    public func elementCount(of count: Int, after taught: Int) -> Int {
        pace.elements?.elementCount(of: count, at: progress(after: taught)) ?? count
    }
}
