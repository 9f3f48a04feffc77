import CTorch

// Views share memory with the tensor they come from.
extension Tensor {
    /// A view where the layout allows it, else a copy; one size may be −1.
    public func reshaped(_ sizes: Int...) throws(TorchError) -> Tensor { try reshaped(sizes) }
    public func reshaped(_ sizes: [Int]) throws(TorchError) -> Tensor {
        try operation("reshaped", [self]) { ct_reshape(handle, sizes, Int32(sizes.count), $0) }
    }
    public func expanded(_ sizes: Int...) throws(TorchError) -> Tensor { try expanded(sizes) }
    public func expanded(_ sizes: [Int]) throws(TorchError) -> Tensor {
        try operation("expanded", [self]) { ct_expand(handle, sizes, Int32(sizes.count), $0) }
    }
    public func permuted(_ dimensions: Int...) throws(TorchError) -> Tensor {
        try operation("permuted", [self]) { ct_permute(handle, dimensions, Int32(dimensions.count), $0) }
    }
    public func transposed(_ a: Int, _ b: Int) throws(TorchError) -> Tensor {
        try operation("transposed", [self]) { ct_transpose(handle, Int32(a), Int32(b), $0) }
    }
    public func unsqueezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("unsqueezed", [self]) { ct_unsqueeze(handle, Int32(dimension), $0) }
    }
    public func squeezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("squeezed", [self]) { ct_squeeze(handle, Int32(dimension), $0) }
    }
    public func flipped(_ dimension: Int) throws(TorchError) -> Tensor {
        try operation("flipped", [self]) { ct_flip(handle, Int32(dimension), $0) }
    }
    public func sliced(_ dimension: Int, _ range: Range<Int>, step: Int = 1) throws(TorchError) -> Tensor {
        try operation("sliced", [self]) {
            ct_slice(handle, Int32(dimension), range.lowerBound, range.upperBound, step, $0)
        }
    }
    /// `pieces` equal parts along a dimension.
    public func chunked(_ pieces: Int, _ dimension: Int) throws(TorchError) -> [Tensor] {
        var handles = [ct_tensor?](repeating: nil, count: pieces)
        try check(ct_chunk(handle, Int32(pieces), Int32(dimension), &handles), "chunked", [self])
        return handles.map { Tensor(owning: $0!) }
    }
    public static func concatenated(_ tensors: [Tensor], _ dimension: Int) throws(TorchError) -> Tensor {
        let handles = tensors.map { $0.handle as ct_tensor? }
        return try operation("concatenated", tensors) { ct_cat(handles, Int32(handles.count), Int32(dimension), $0) }
    }
    public static func stacked(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
        let handles = tensors.map { $0.handle as ct_tensor? }
        return try operation("stacked", tensors) { ct_stack(handles, Int32(handles.count), Int32(dimension), $0) }
    }
    /// out[…, i, …] = self[…, index[…, i, …], …] along a dimension.
    public func gathered(_ dimension: Int, _ index: Tensor) throws(TorchError) -> Tensor {
        try operation("gathered", [self, index]) { ct_gather(handle, Int32(dimension), index.handle, $0) }
    }
    /// A copy in which the places named by `index` along a dimension hold `source`.
    public func scattered(_ dimension: Int, _ index: Tensor, _ source: Tensor) throws(TorchError) -> Tensor {
        try operation("scattered", [self, index, source]) {
            ct_scatter(handle, Int32(dimension), index.handle, source.handle, $0)
        }
    }
    /// The slices named by a one-dimensional `index`.
    public func selected(_ dimension: Int, _ index: Tensor) throws(TorchError) -> Tensor {
        try operation("selected", [self, index]) { ct_index_select(handle, Int32(dimension), index.handle, $0) }
    }
    /// The elements where `mask` is true, as one dimension.
    public func selected(where mask: Tensor) throws(TorchError) -> Tensor {
        try operation("selected", [self, mask]) { ct_masked_select(handle, mask.handle, $0) }
    }
    public func repeatInterleaved(_ repeats: Int, _ dimension: Int) throws(TorchError) -> Tensor {
        try operation("repeatInterleaved", [self]) { ct_repeat_interleave(handle, repeats, Int32(dimension), $0) }
    }
    /// The lower triangle of the last two dimensions; the rest is zero.
    public func lowerTriangle(diagonal: Int = 0) throws(TorchError) -> Tensor {
        try operation("lowerTriangle", [self]) { ct_tril(handle, diagonal, $0) }
    }
    public func oneHot(classes: Int) throws(TorchError) -> Tensor {
        try operation("oneHot", [self]) { ct_one_hot(handle, classes, $0) }
    }
}
