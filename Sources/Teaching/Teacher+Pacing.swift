extension Teacher {
    /// The lesson that teaches the present selection, cut where the budget or the phase ends.
    func makeLesson(phase: Plan.Phase, cycle: Int, isNew: Bool, scoredCount: Int) -> Lesson {
        let needsAdmission = isCandidates(phase)
        let full = chosen?.examples?.count ?? exampleCount
        let scoring = policy.scoringCost * Double(scoredCount)
        var pace = Pace(elements: policy.elements, total: 1)
        if needsAdmission {
            pace.overhead = policy.scoringCost
            pace.admitted = expectedAdmission
        }
        pace.total = total(pace: pace, count: full, scoring: scoring, phase: phase)
        let count = affordableCount(full, pace: pace, scoring: scoring, phase: phase)
        pace.overhead += scoring / Double(count)
        var lesson = Lesson(
            number: nextNumber, epoch: spending.taught / exampleCount, cycle: cycle,
            ratio: Double(full) / Double(exampleCount), examples: [], weights: nil,
            progress: progress..<end(of: count, full: full, pace: pace, phase: phase),
            learningRateScale: chosen?.learningRateScale ?? 1, recordedShare: recordedShare,
            needsAdmission: needsAdmission, isNewSelection: isNew && phase == .selecting && policy.teachesSelection,
            scoredCount: needsAdmission ? count : scoredCount, pace: pace, seed: seed)
        fill(&lesson, count: count)
        return lesson
    }

    /// Puts a selection's examples in the lesson's order; the order is a function of the seed and the lesson's number.
    func fill(_ lesson: inout Lesson, count: Int) {
        let random = CounterRandom(seed: seed, purpose: .order, number: lesson.number)
        var examples = chosen?.examples ?? Array(0..<Int32(exampleCount))
        random.shuffle(&examples)
        lesson.examples = examples.count > count ? Array(examples[..<count]) : examples
        guard var weights = chosen?.weights else { return }
        random.shuffle(&weights)
        lesson.weights = Array(weights.prefix(count))
    }

    private func isCandidates(_ phase: Plan.Phase) -> Bool {
        if case .admission = policy.selection { phase == .selecting } else { false }
    }

    /// The run's cost: the budget, less what candidates saved or took more than expected; else what was spent and is
    /// expected to come, from this lesson's cost and the plan.
    private func total(pace: Pace, count: Int, scoring: Double, phase: Plan.Phase) -> Double {
        if let cost = plan.cost {
            return isCandidates(phase) ? max(1, cost - spending.cost) / (1 - progress) : cost
        }
        var examples = count
        var scoring = scoring
        if policy.hasFixedCount {
            let remaining = plan.remaining(after: nextNumber, phase: phase)
            examples += remaining.examples
            let each = policy.scoresEverything ? policy.scoringCost * Double(exampleCount) : 0
            scoring += Double(remaining.selections) * each
        } else {
            let selecting = phase == .annealing ? 0 : plan.warmUp + (plan.selecting ?? 0) - 1 - nextNumber
            let annealing = min(plan.annealing, epochs - 1 - nextNumber)
            examples += selecting * count + annealing * exampleCount
            scoring += Double(selecting) * scoring
        }
        var pace = pace
        pace.overhead += scoring / Double(examples)
        return pace.total(for: Double(examples), from: progress)
    }

    /// How many of a selection's examples the budget, or what a phase has of it, pays for.
    private func affordableCount(_ full: Int, pace: Pace, scoring: Double, phase: Plan.Phase) -> Int {
        guard plan.cost != nil else { return full }
        let start = min(1, progress + scoring / pace.total)
        let affordable = pace.examples(from: start, to: limit(of: phase))
        return affordable >= Double(full) ? full : max(1, Int(affordable.rounded()))
    }

    /// Where a lesson ends. What is left below half an example is not worth another lesson.
    private func end(of count: Int, full: Int, pace: Pace, phase: Plan.Phase) -> Double {
        guard plan.cost != nil else {
            return nextNumber == epochs - 1 ? 1 : max(progress, pace.progress(from: progress, after: Double(count)))
        }
        let limit = limit(of: phase)
        if count < full { return limit }
        let end = pace.progress(from: progress, after: Double(count))
        return end + 0.5 / pace.total >= limit ? limit : end
    }

    private func limit(of phase: Plan.Phase) -> Double {
        phase == .selecting ? plan.annealingStart : 1
    }
}

extension Policy {
    /// Whether a selecting lesson can differ from the full data set.
    var teachesSelection: Bool {
        if case .admission = selection { return false }
        return selection != .random || ratio.bounds.lowerBound < 1
    }
}
