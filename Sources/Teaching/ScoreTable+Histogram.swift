extension ScoreTable {
    /// How many of the finite scores lie in each of `buckets` stretches of equal width from the lowest to the highest:
    /// of all examples up to `limit`, beyond that of `limit` of them evenly spread by number, which are those that
    /// ``quantiles(_:limit:)`` takes. Empty where no score is finite; all in one bucket where the scores are equal.
    public func histogram(buckets: Int, limit: Int = 1 << 16) -> [Int] {
        let sample = stride(from: 0, to: count, by: max(1, (count + limit - 1) / limit)).lazy.map { scores[$0] }
            .filter(\.isFinite)
        guard let lowest = sample.min(), let highest = sample.max() else { return [] }
        guard lowest < highest else { return [sample.reduce(0) { count, _ in count + 1 }] }
        var counts = [Int](repeating: 0, count: buckets)
        let span = Double(highest) - Double(lowest)
        for score in sample {
            let place = (Double(score) - Double(lowest)) / span * Double(buckets)
            counts[min(Int(place), buckets - 1)] += 1
        }
        return counts
    }
}
