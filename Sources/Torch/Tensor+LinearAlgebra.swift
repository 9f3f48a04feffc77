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
