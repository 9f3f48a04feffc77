extension ScoreTable {
    /// How many of the finite scores lie in each of `buckets` stretches of equal width from the lowest to the highest:
    /// of all examples up to `limit`, beyond that of those that ``quantiles(_:limit:)`` takes. Empty where no score is finite; all in one bucket where the scores are equal.
    public func histogram(buckets: Int, limit: Int = 1 << 16) -> [Int] {
        let sample = sample(of: count, first: 0, limit: limit)
        guard let lowest = sample.min(), let highest = sample.max() else { return [] }
        guard lowest < highest else { return [sample.count] }
        var counts = [Int](repeating: 0, count: buckets)
        let span = Double(highest) - Double(lowest)
        for score in sample {
            let place = (Double(score) - Double(lowest)) / span * Double(buckets)
            counts[min(Int(place), buckets - 1)] += 1
        }
        return counts
    }
}
