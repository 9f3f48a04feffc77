extension Teacher {
    /// Takes over the scores of a training forward. Call it where ``Lesson/recordsScores`` is true; elsewhere it does
    /// nothing.
    ///
    /// - Parameters:
    ///   - scores: one an example; one that is not finite is counted in ``ScoreTable/rejectedCount`` and ranks lowest.
    ///   - confidences: the probability of the right answer where the learner gives it, 0 elsewhere (KAKURENBO).
    public mutating func record(_ scores: [Float], for examples: [Int32], confidences: [Float]? = nil) {
        guard policy.recordsScores else { return }
        keep(scores, for: examples, confidences: confidences)
    }

    /// Puts the scores of this rank's shard into its table, as those of the lesson before the next.
    mutating func keep(_ scores: [Float], for examples: [Int32], confidences: [Float]?) {
        precondition(scores.count == examples.count, "one score an example")
        let lesson = max(0, nextNumber - 1)
        guard ranks.rankCount > 1 else {
            return table.record(scores, for: examples, lesson: lesson, confidences: confidences)
        }
        let own = examples.indices.filter { shard.contains(examples[$0]) }
        let first = Int32(shard.examples.lowerBound)
        table.record(
            own.map { scores[$0] }, for: own.map { examples[$0] - first }, lesson: lesson,
            confidences: confidences.map { confidences in own.map { confidences[$0] } })
    }

    /// Scores at shares of the sorted finite scores of all ranks, as ``ScoreTable/quantiles(_:limit:)``.
    public func scoreQuantiles(_ shares: [Double]) throws -> [Float] {
        try table.quantiles(shares, of: exampleCount, first: shard.examples.lowerBound, among: ranks)
    }

    func meanScore() throws -> Double? { try table.mean(among: ranks) }

    /// Decides which candidates of a batch are trained on: each with probability `percentile^beta`, at least the floor,
    /// where the percentile is the share of recent scores, the batch's included, that are not higher. The scores are
    /// recorded too.
    ///
    /// Source: Jiang et al., "Accelerating Deep Learning by Focusing on the Biggest Losers", arXiv 1910.00762.
    ///
    /// - Returns: positions in the batch, rising. All of them where the lesson needs no admission.
    public mutating func admit(_ scores: [Float], for examples: [Int32]) -> [Int] {
        precondition(scores.count == examples.count, "one score an example")
        record(scores, for: examples)
        guard case .admission(let settings) = policy.selection, let lesson, lesson.needsAdmission else {
            return Array(scores.indices)
        }
        admission.remember(scores, limit: settings.history)
        let recent = admission.history.sorted()
        let random = CounterRandom(seed: seed, purpose: .admission, number: lesson.number)
        let admitted = scores.indices.filter { position in
            let probability = settings.probability(of: scores[position], among: recent)
            return random.uniform(at: UInt64(examples[position])) < probability
        }
        settle(candidates: scores.count, admitted: admitted.count, of: lesson)
        return admitted
    }

    /// Counts what a batch of candidates cost.
    private mutating func settle(candidates: Int, admitted: Int, of lesson: Lesson) {
        let share = lesson.elementShare(after: admission.settled)
        admission.settled += candidates
        admission.candidates += candidates
        admission.admitted += admitted
        spending.taught += admitted
        spending.cost += policy.scoringCost * Double(candidates) + share * Double(admitted)
    }

    /// The share of candidates that is admitted: as seen so far, at first that of continuous scores.
    var expectedAdmission: Double {
        guard case .admission(let settings) = policy.selection else { return 1 }
        guard admission.candidates == 0 else {
            return Double(admission.admitted) / Double(admission.candidates)
        }
        return max(settings.floor, 1 / (settings.beta + 1))
    }
}

/// What admission has seen so far.
struct AdmissionRecord: Codable, Sendable, Equatable {
    /// Recent scores, oldest first.
    var history: [Float] = []
    var candidates = 0
    var admitted = 0
    /// Candidates of the current lesson that were decided on.
    var settled = 0

    /// Takes over finite scores; the oldest make room.
    mutating func remember(_ scores: [Float], limit: Int) {
        history.append(contentsOf: scores.filter(\.isFinite))
        history.removeFirst(max(0, history.count - limit))
    }
}

extension Selection.Admission {
    /// - Parameter recent: recent scores, rising.
    func probability(of score: Float, among recent: [Float]) -> Double {
        guard score.isFinite, !recent.isEmpty else { return floor }
        var low = 0
        var high = recent.count
        while low < high {
            let middle = (low + high) / 2
            if recent[middle] <= score { low = middle + 1 } else { high = middle }
        }
        return max(floor, RealMath.power(Double(low) / Double(recent.count), beta))
    }
}
