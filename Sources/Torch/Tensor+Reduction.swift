import CTorch

// Reductions take dimensions (negative ones count from the end); none means all of them.
extension Tensor {
    public func sum(_ dimensions: Int..., keepDimensions: Bool = false) throws(TorchError) -> Tensor {
        try operation("sum", [self]) { ct_sum(handle, dimensions, Int32(dimensions.count), keepDimensions, $0) }
    }
    public func mean(_ dimensions: Int..., keepDimensions: Bool = false) throws(TorchError) -> Tensor {
        try operation("mean", [self]) { ct_mean(handle, dimensions, Int32(dimensions.count), keepDimensions, $0) }
    }
    public func max(_ dimensions: Int..., keepDimensions: Bool = false) throws(TorchError) -> Tensor {
        try operation("max", [self]) { ct_amax(handle, dimensions, Int32(dimensions.count), keepDimensions, $0) }
    }
    public func min(_ dimensions: Int..., keepDimensions: Bool = false) throws(TorchError) -> Tensor {
        try operation("min", [self]) { ct_amin(handle, dimensions, Int32(dimensions.count), keepDimensions, $0) }
    }
    /// The L2 norm.
    public func norm(_ dimensions: Int..., keepDimensions: Bool = false) throws(TorchError) -> Tensor {
        try operation("norm", [self]) { ct_norm(handle, dimensions, Int32(dimensions.count), keepDimensions, $0) }
    }
    public func logSumExp(_ dimensions: Int..., keepDimensions: Bool = false) throws(TorchError) -> Tensor {
        try operation("logSumExp", [self]) {
            ct_logsumexp(handle, dimensions, Int32(dimensions.count), keepDimensions, $0)
        }
    }
    /// The variance with `correction` degrees of freedom taken off (1: the sample's, 0: the population's).
    public func variance(
        _ dimensions: Int..., correction: Double = 1, keepDimensions: Bool = false
    ) throws(TorchError) -> Tensor {
        try operation("variance", [self]) {
            ct_variance(handle, dimensions, Int32(dimensions.count), correction, keepDimensions, $0)
        }
    }
    public func argmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("argmax", [self]) { ct_argmax(handle, Int32(dimension), $0) }
    }
    public func cumulativeSum(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("cumulativeSum", [self]) { ct_cumsum(handle, Int32(dimension), $0) }
    }
    /// The `k` largest along a dimension, in falling order.
    public func top(_ k: Int, _ dimension: Int = -1) throws(TorchError) -> (values: Tensor, indices: Tensor) {
        var (values, indices): (ct_tensor?, ct_tensor?)
        try check(ct_topk(handle, k, Int32(dimension), &values, &indices), "top", [self])
        return (Tensor(owning: values!), Tensor(owning: indices!))
    }
    /// A stable sort along a dimension.
    public func sorted(_ dimension: Int = -1, descending: Bool = false) throws(TorchError) -> (
        values: Tensor, indices: Tensor
    ) {
        var (values, indices): (ct_tensor?, ct_tensor?)
        try check(ct_sort(handle, Int32(dimension), descending, &values, &indices), "sorted", [self])
        return (Tensor(owning: values!), Tensor(owning: indices!))
    }
}
