/// The order of a run's lessons, as far as it is known before any score is.
///
/// Without a budget the run has as many lessons as standard training has epochs. With one, phases end by cost spent;
/// the number of selecting lessons is then found by simulation, so that schedules still run from start to end.
struct Plan: Sendable, Equatable {
    /// What a lesson is for: warm-up and annealing teach in full.
    enum Phase: Codable, Sendable { case warmUp, selecting, annealing }

    /// Lessons that share a selection.
    struct Cycle: Sendable, Equatable {
        /// First lesson, from the first selecting one.
        var start: Int
        var ratio: Double
        /// Examples taught in this cycle and all later ones.
        var examplesLeft = 0
    }

    /// The whole run's cost in full examples; `nil` without a budget.
    let cost: Double?
    let warmUp: Int
    /// Selecting lessons; `nil` where cost alone ends them.
    let selecting: Int?
    let annealing: Int
    /// Progress from which a run with a budget is in its annealing phase.
    let annealingStart: Double
    let cycles: [Cycle]
    let exampleCount: Int

    init(policy: Policy, exampleCount: Int, epochs: Int, budget: Double?) {
        self.exampleCount = exampleCount
        cost = budget.map { $0 * Double(epochs) * Double(exampleCount) }
        annealingStart = 1 - policy.annealing
        if let cost {
            warmUp = policy.warmUp
            annealing = 0
            let simulation = PlanSimulation(
                policy: policy, exampleCount: exampleCount, cost: cost, end: annealingStart)
            selecting = policy.hasFixedCount ? simulation.lessonCount() : nil
        } else {
            warmUp = min(policy.warmUp, epochs)
            annealing = min(epochs - warmUp, Int((policy.annealing * Double(epochs) - 1e-9).rounded(.up)))
            selecting = epochs - warmUp - annealing
        }
        cycles =
            policy.hasFixedCount
            ? Plan.cycles(policy: policy, exampleCount: exampleCount, lessons: selecting ?? 0) : []
    }

    /// Number of examples at a ratio: `ceil(ratio N)`, not fooled by the last bit of the product.
    static func count(ratio: Double, of exampleCount: Int) -> Int {
        let exact = ratio * Double(exampleCount)
        return min(exampleCount, max(1, Int((exact * (1 - 1e-12)).rounded(.up))))
    }

    func phase(ofLesson number: Int, progress: Double) -> Phase? {
        if cost != nil {
            if progress >= 1 { return nil }
            if number < warmUp { return .warmUp }
            return progress < annealingStart ? .selecting : .annealing
        }
        let selectingEnd = warmUp + (selecting ?? 0)
        if number < warmUp { return .warmUp }
        if number < selectingEnd { return .selecting }
        return number < selectingEnd + annealing ? .annealing : nil
    }

    /// Number of the cycle a lesson belongs to. A phase that teaches in full is one cycle.
    func cycle(ofLesson number: Int, phase: Phase) -> Int {
        let first = warmUp > 0 ? 1 : 0
        switch phase {
        case .warmUp: return 0
        case .selecting: return first + (cycles.isEmpty ? number - warmUp : index(ofLesson: number))
        case .annealing:
            return cycles.isEmpty ? number : first + cycles.count
        }
    }

    func ratio(ofLesson number: Int) -> Double {
        cycles.isEmpty ? 1 : cycles[index(ofLesson: number)].ratio
    }

    /// Examples taught and selections made after a lesson, of a run without a budget and with fixed counts.
    func remaining(after number: Int, phase: Phase) -> (examples: Int, selections: Int) {
        let last = warmUp + (selecting ?? 0) + annealing - 1
        switch phase {
        case .annealing: return ((last - number) * exampleCount, 0)
        case .warmUp:
            let selected = cycles.first?.examplesLeft ?? 0
            return ((warmUp - 1 - number + annealing) * exampleCount + selected, cycles.count)
        case .selecting:
            let index = index(ofLesson: number)
            let taught =
                (number - warmUp - cycles[index].start + 1) * Plan.count(ratio: cycles[index].ratio, of: exampleCount)
            return (cycles[index].examplesLeft - taught + annealing * exampleCount, cycles.count - index - 1)
        }
    }

    private func index(ofLesson number: Int) -> Int {
        let lesson = number - warmUp
        var low = 0
        var high = cycles.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if cycles[middle].start <= lesson { low = middle } else { high = middle }
        }
        return low
    }
}

extension Plan {
    /// Cycles that fill a number of lessons, the last one cut to fit.
    static func cycles(policy: Policy, exampleCount: Int, lessons: Int) -> [Cycle] {
        guard lessons > 0 else { return [] }
        // Where intervals fall, long ones at the start can leave no lesson for the last.
        var starts: [Int] = []
        var start = 0
        for interval in intervals(of: policy.interval, lessons: lessons) where start < lessons {
            starts.append(start)
            start += interval
        }
        var cycles = starts.enumerated().map { index, start in
            Cycle(start: start, ratio: policy.ratio.value(atCycle: index, of: starts.count))
        }
        var left = 0
        var end = lessons
        for index in cycles.indices.reversed() {
            left += (end - cycles[index].start) * count(ratio: cycles[index].ratio, of: exampleCount)
            end = cycles[index].start
            cycles[index].examplesLeft = left
        }
        return cycles
    }

    /// The intervals of the fewest cycles that fill a number of lessons.
    private static func intervals(of schedule: Schedule, lessons: Int) -> [Int] {
        func intervals(_ cycles: Int) -> [Int] {
            (0..<cycles).map { max(1, Int(schedule.value(atCycle: $0, of: cycles).rounded())) }
        }
        var low = 1
        var high = lessons
        while low < high {
            let middle = (low + high) / 2
            if intervals(middle).reduce(0, +) >= lessons { high = middle } else { low = middle + 1 }
        }
        return intervals(low)
    }
}

/// Finds how many selecting lessons a budget pays for.
struct PlanSimulation {
    let policy: Policy
    let exampleCount: Int
    let cost: Double
    /// Progress at which selecting ends.
    let end: Double

    /// The fewest selecting lessons that reach the end.
    func lessonCount() -> Int {
        guard progress(lessons: 0) < end else { return 0 }
        var high = 1
        while progress(lessons: high) < end { high *= 2 }
        var low = high / 2
        while high - low > 1 {
            let middle = (low + high) / 2
            if progress(lessons: middle) < end { low = middle } else { high = middle }
        }
        return high
    }

    /// Progress after the warm-up and a number of selecting lessons. Less than half an example short of the end is the
    /// end.
    private func progress(lessons: Int) -> Double {
        var pace = Pace(elements: policy.elements, total: cost)
        var progress = 0.0
        for _ in 0..<policy.warmUp where progress < 1 {
            progress = pace.progress(from: progress, after: Double(exampleCount))
        }
        let cycles = Plan.cycles(policy: policy, exampleCount: exampleCount, lessons: lessons)
        for (index, cycle) in cycles.enumerated() {
            let next = index + 1 < cycles.count ? cycles[index + 1].start : lessons
            let taught = Plan.count(ratio: cycle.ratio, of: exampleCount) * (next - cycle.start)
            let scoring = policy.scoresEverything ? policy.scoringCost * Double(exampleCount) : 0
            pace.overhead = scoring / Double(taught)
            progress = pace.progress(from: progress, after: Double(taught))
        }
        return progress + 0.5 / cost
    }
}

extension Policy {
    /// Whether each selection scores every example anew.
    var scoresEverything: Bool {
        usesScores && source == .refreshed(staleAfter: 0)
    }
}
