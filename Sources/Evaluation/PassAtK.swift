/// The probability that at least one of `k` samples, drawn from `count` without putting back, is among the `right` ones:
/// 1 − C(n − c, k) ⁄ C(n, k), the unbiased estimator of pass@k (Chen et al., arXiv 2107.03374, equation 1).
public func passAtK(_ k: Int, count: Int, right: Int) -> Double {
    precondition(k >= 1 && k <= count && (0...count).contains(right), "1 <= k <= count and 0 <= right <= count")
    guard count - right >= k else { return 1 }
    // A product of ratios below 1, where the binomials themselves would overflow.
    var missing = 1.0
    for size in count - right + 1..<count + 1 { missing *= 1 - Double(k) / Double(size) }
    return 1 - missing
}
