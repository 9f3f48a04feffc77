/// How fast a lesson's examples move the run's progress. An example costs its share of elements, where it is taught,
/// plus the scoring it caused.
struct Pace: Sendable, Equatable, Codable {
    var elements: ElementSchedule?
    /// Cost of the whole run, in full examples.
    var total: Double
    /// Scoring cost an example.
    var overhead = 0.0
    /// Share of the examples that are taught; below 1 where they are candidates only.
    var admitted = 1.0

    /// Progress once `examples` more are taught; never above 1.
    func progress(from start: Double, after examples: Double) -> Double {
        var position = start
        var left = examples
        for step in steps where step.end > position {
            let cost = cost(atShare: step.share) / total
            guard cost * left >= step.end - position else { return position + left * cost }
            left -= (step.end - position) / cost
            position = step.end
        }
        return min(position, 1)
    }

    /// Number of examples that lead from one position to another.
    func examples(from start: Double, to end: Double) -> Double {
        total * density(from: start, to: end)
    }

    /// The whole run's cost for which `examples` lead from `start` exactly to the run's end.
    func total(for examples: Double, from start: Double) -> Double {
        let density = density(from: start, to: 1)
        return density > 0 ? examples / density : total
    }

    private func density(from start: Double, to end: Double) -> Double {
        var position = start
        var sum = 0.0
        for step in steps where step.end > position && position < end {
            let next = min(step.end, end)
            sum += (next - position) / cost(atShare: step.share)
            position = next
        }
        return sum
    }

    private func cost(atShare share: Double) -> Double {
        share * admitted + overhead
    }

    private var steps: [(share: Double, end: Double)] {
        elements?.steps ?? [(1, 1)]
    }
}
