import CTorch

extension Tensor {
    /// The eigendecomposition of a symmetric matrix [n, n] of fp32 or fp64, of which only the lower triangle is read.
    ///
    /// - Returns: the eigenvalues [n] in rising order, and the eigenvectors as the columns of [n, n].
    public func symmetricEigen() throws(TorchError) -> (values: Tensor, vectors: Tensor) {
        var (values, vectors): (ct_tensor?, ct_tensor?)
        try check(ct_eigh(handle, &values, &vectors), "symmetricEigen", [self])
        return (Tensor(owning: values!), Tensor(owning: vectors!))
    }
}

extension Engine {
    /// Whether the processor has instructions for products of bfloat16 numbers that are summed up in fp32.
    public static var hasBFloat16Products: Bool { ct_has_bfloat16_products() }
    /// Whether linear maps in bfloat16 are computed by our own kernels here, not by oneDNN's.
    public static var hasOwnBFloat16Maps: Bool { ct_has_own_bfloat16_maps() }
}

extension Tensor {
    /// Adds `left` · `right`ᵀ to this contiguous fp64 matrix [R, S] in place. The factors, fp32 [R, K] and [S, K], are rounded
    /// to bfloat16; their products are summed up in fp32. Quick where ``Engine/hasBFloat16Products``, and the same elsewhere.
    ///
    /// - Parameter right: `left` itself where nil; what lies left of the diagonal is then unspecified.
    public func addBFloat16Products(_ left: Tensor, _ right: Tensor? = nil) throws(TorchError) {
        try check(
            ct_add_bfloat16_products(handle, left.handle, right?.handle), "addBFloat16Products", [self, left])
    }
}
