/// One-dimensional k-means of scores, in order from easy to hard.
///
/// Lloyd's iterations run over a histogram of 4,096 equal bins, so that the cost is one pass over the scores; the start
/// is at equal quantiles, so that the outcome is a function of the scores alone.
struct ScoreClusters {
    /// Upper ends of all clusters but the last.
    private(set) var boundaries: [Float] = []

    private static let binCount = 4096
    private static let iterations = 50

    /// - Parameter scores: this rank's; the clusters are of those of all ranks.
    init<Ranks: Reduction>(of scores: [Float], count: Int, among ranks: Ranks) throws(Ranks.Failure) {
        let finite = scores.filter(\.isFinite)
        let ends = try ranks.joined([finite.min(), finite.max()].compactMap { $0 })
        guard count > 1, let low = ends.min(), let high = ends.max(), low < high else { return }
        let bins = try ranks.sum(Self.bins(finite, from: Double(low), to: Double(high)))
        var edges = Self.quantileEdges(bins, count: count)
        for _ in 0..<Self.iterations {
            let next = Self.move(edges, bins)
            guard next != edges else { break }
            edges = next
        }
        let width = (Double(high) - Double(low)) / Double(Self.binCount)
        boundaries = edges.map { Float(Double(low) + Double($0) * width) }
    }

    /// Whether all scores are one cluster, as equal ones are.
    var isSingle: Bool { boundaries.isEmpty }

    /// The cluster of a score, 0 for the easiest.
    func index(of score: Float) -> Int {
        boundaries.count { score >= $0 }
    }

    private static func bins(_ scores: some Sequence<Float>, from low: Double, to high: Double) -> [Int64] {
        var bins = [Int64](repeating: 0, count: binCount)
        let scale = Double(binCount) / (high - low)
        for score in scores {
            bins[min(binCount - 1, Int((Double(score) - low) * scale))] += 1
        }
        return bins
    }

    /// Bins at which the clusters after the first begin, so that all hold about equally many scores.
    private static func quantileEdges(_ bins: [Int64], count: Int) -> [Int] {
        let total = Int(bins.reduce(0, +))
        var edges: [Int] = []
        var sum = 0
        for (bin, members) in bins.enumerated() {
            while edges.count < count - 1 && sum * count >= (edges.count + 1) * total { edges.append(bin) }
            sum += Int(members)
        }
        return edges + Array(repeating: bins.count, count: count - 1 - edges.count)
    }

    /// One iteration: each edge moves to the middle between the means on its two sides, or, where one side is empty, to the
    /// middle between itself and the other's mean, so that no cluster stays empty that need not be.
    private static func move(_ edges: [Int], _ bins: [Int64]) -> [Int] {
        let limits = [0] + edges + [bins.count]
        let means = zip(limits, limits.dropFirst()).map { start, end in
            mean(bins, start, max(start, end))
        }
        return zip(zip(means, means.dropFirst()), edges).map { pair, edge in
            guard pair.0 != nil || pair.1 != nil else { return edge }
            return Int((((pair.0 ?? Double(edge)) + (pair.1 ?? Double(edge))) / 2).rounded(.up))
        }
    }

    private static func mean(_ bins: [Int64], _ start: Int, _ end: Int) -> Double? {
        var members = 0
        var sum = 0.0
        for bin in start..<end {
            members += Int(bins[bin])
            sum += (Double(bin) + 0.5) * Double(bins[bin])
        }
        return members > 0 ? sum / Double(members) : nil
    }
}
