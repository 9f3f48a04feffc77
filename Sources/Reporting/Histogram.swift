/// A histogram in TensorBoard's form: bucket i counts the values in `(limits[i − 1], limits[i]]`.
public struct Histogram: Sendable, Equatable {
    public private(set) var minimum: Double
    public private(set) var maximum: Double
    public private(set) var count: Double
    public private(set) var sum: Double
    public private(set) var sumOfSquares: Double
    /// Upper edges, rising; the first bucket is empty and ends at the minimum, so that the second has a left edge.
    public private(set) var limits: [Double]
    public private(set) var counts: [Double]

    /// The histogram of the finite values, in buckets of equal width; nil where there are none.
    public init?(of values: [Float], bucketCount: Int = 30) {
        let finite = values.lazy.filter(\.isFinite).map(Double.init)
        guard let minimum = finite.min(), let maximum = finite.max() else { return nil }
        (self.minimum, self.maximum) = (minimum, maximum)
        let width = maximum > minimum ? (maximum - minimum) / Double(bucketCount) : 1
        let buckets = maximum > minimum ? bucketCount : 1
        limits = [minimum] + (1..<buckets).map { minimum + width * Double($0) }
        limits.append(maximum > minimum ? maximum : minimum + width)
        counts = Array(repeating: 0, count: buckets + 1)
        (count, sum, sumOfSquares) = (0, 0, 0)
        for value in finite {
            counts[min(Int((value - minimum) / width), buckets - 1) + 1] += 1
            count += 1
            sum += value
            sumOfSquares += value * value
        }
    }

    /// Counts over stretches of equal width from `minimum` to `maximum`, the values of each taken to lie at its middle. Nil
    /// where there are none, or no such ends.
    public init?(counts held: [Int], from minimum: Float?, to maximum: Float?) {
        guard let minimum, let maximum, minimum.isFinite, maximum.isFinite, minimum <= maximum, !held.isEmpty else {
            return nil
        }
        (self.minimum, self.maximum) = (Double(minimum), Double(maximum))
        let width = maximum > minimum ? (Double(maximum) - Double(minimum)) / Double(held.count) : 1
        limits = [Double(minimum)] + (1...held.count).map { Double(minimum) + width * Double($0) }
        counts = [0] + held.map(Double.init)
        (count, sum, sumOfSquares) = (0, 0, 0)
        for (index, number) in held.enumerated() {
            let middle = maximum > minimum ? Double(minimum) + width * (Double(index) + 0.5) : Double(minimum)
            count += Double(number)
            sum += Double(number) * middle
            sumOfSquares += Double(number) * middle * middle
        }
    }

    /// What seven quantiles (minimum, 10th, 25th, 50th, 75th, 90th percentile, maximum) tell of `count` values: one
    /// bucket between each two, its values taken to lie at its middle. Nil where they are no such quantiles.
    public init?(quantiles: [Float], count: Int) {
        let shares = [0.1, 0.15, 0.25, 0.25, 0.15, 0.1]
        guard quantiles.count == shares.count + 1, quantiles.allSatisfy(\.isFinite) else { return nil }
        let edges = quantiles.map(Double.init)
        guard zip(edges, edges.dropFirst()).allSatisfy({ $0 <= $1 }) else { return nil }
        (minimum, maximum, self.count) = (edges[0], edges[shares.count], Double(count))
        (limits, counts, sum, sumOfSquares) = ([edges[0]], [0], 0, 0)
        for (index, share) in shares.enumerated() {
            let (lower, upper, held) = (edges[index], edges[index + 1], share * Double(count))
            let middle = (lower + upper) / 2
            sum += held * middle
            sumOfSquares += held * middle * middle
            if upper > limits[limits.count - 1] {
                limits.append(upper)
                counts.append(held)
            } else {
                // Quantiles that coincide (many equal scores) share a bucket: limits must rise.
                counts[counts.count - 1] += held
            }
        }
    }
}
