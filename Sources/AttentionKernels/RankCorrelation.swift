/// Spearman's rank correlation; ties share the mean of their ranks. Not-a-number where either has no spread.
public func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "ranks of \(a.count) and \(b.count) values")
    let (x, y) = (ranks(a), ranks(b))
    let middle = Double(a.count - 1) / 2
    var (covariance, varianceX, varianceY) = (0.0, 0.0, 0.0)
    for (x, y) in zip(x, y) {
        covariance += (x - middle) * (y - middle)
        varianceX += (x - middle) * (x - middle)
        varianceY += (y - middle) * (y - middle)
    }
    return covariance / (varianceX * varianceY).squareRoot()
}

private func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start
        while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
        for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
        start = end + 1
    }
    return ranks
}
