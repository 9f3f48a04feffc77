import CTorch

/// A multi-dimensional array of libtorch's, freed when its last reference goes.
///
/// Sendable on a promise: operations read their operands; the few that write (`copy(from:)`, `fill`, gradients, the
/// optimisers) belong to the thread that trains.
public final class Tensor: @unchecked Sendable {
    @usableFromInline let handle: ct_tensor

    @inlinable
    init(owning handle: ct_tensor) { self.handle = handle }

    @inlinable
    deinit { ct_free(handle) }

    public var rank: Int { Int(ct_rank(handle)) }
    public var count: Int { ct_count(handle) }
    public var shape: [Int] { (0..<rank).map { ct_size(handle, Int32($0)) } }
    public var dtype: DType { DType(rawValue: ct_dtype_of(handle).rawValue) ?? .float32 }
    public var device: Device { Device(ct_device_of(handle)) }
    public var isContiguous: Bool { ct_is_contiguous(handle) }

    /// The size of a dimension; negative dimensions count from the end.
    @inlinable
    public func size(_ dimension: Int) -> Int {
        let index = dimension < 0 ? dimension + rank : dimension
        precondition(index >= 0 && index < rank, "dimension \(dimension) of a tensor of rank \(rank)")
        return ct_size(handle, Int32(index))
    }

    /// Tensors that are alive in this process; a leak shows as growth.
    public static var liveCount: Int { Int(ct_live_count()) }
}

extension Tensor: CustomStringConvertible {
    public var description: String { "Tensor(shape: \(shape), dtype: \(dtype), device: \(device))" }
}
