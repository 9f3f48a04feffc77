import CTorch

extension Tensor {
    /// Copies `values` into a new tensor of `shape`, in row-major order.
    ///
    /// - Precondition: the shape holds as many elements as there are values.
    public convenience init<Element: TensorElement>(
        _ values: [Element], shape: [Int], device: Device = .cpu
    ) throws(TorchError) {
        precondition(shape.reduce(1, *) == values.count, "\(values.count) values do not fill the shape \(shape)")
        var handle: ct_tensor?
        let status = values.withUnsafeBytes { bytes in
            ct_from_bytes(bytes.baseAddress, Element.dtype.code, shape, Int32(shape.count), device.code, &handle)
        }
        guard status == CT_OK, let handle else { throw TorchError(status, operation: "tensor", operands: []) }
        self.init(owning: handle)
    }

    public convenience init<Element: TensorElement>(_ values: [Element], device: Device = .cpu) throws(TorchError) {
        try self.init(values, shape: [values.count], device: device)
    }

    /// A scalar.
    public convenience init(_ value: Float, device: Device = .cpu) throws(TorchError) {
        try self.init([value], shape: [], device: device)
    }

    /// Copies raw little-endian memory into a new tensor.
    ///
    /// - Precondition: `bytes` has exactly the size that shape and dtype ask for.
    public convenience init(bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int], device: Device = .cpu)
        throws(TorchError)
    {
        precondition(
            bytes.count == shape.reduce(dtype.byteCount, *), "\(bytes.count) bytes do not fill \(shape) of \(dtype)")
        var handle: ct_tensor?
        let status = ct_from_bytes(bytes.baseAddress, dtype.code, shape, Int32(shape.count), device.code, &handle)
        guard status == CT_OK, let handle else { throw TorchError(status, operation: "tensor", operands: []) }
        self.init(owning: handle)
    }

    /// A tensor over memory that `owner` keeps alive, without a copy; the memory must not change.
    public static func borrowing(
        _ bytes: UnsafeRawBufferPointer, owner: AnyObject, dtype: DType, shape: [Int]
    ) throws(TorchError) -> Tensor {
        precondition(
            bytes.count == shape.reduce(dtype.byteCount, *), "\(bytes.count) bytes do not fill \(shape) of \(dtype)")
        guard let address = bytes.baseAddress else { return try .zeros(shape, dtype: dtype) }
        let context = Unmanaged.passRetained(owner).toOpaque()
        return try operation("borrow") {
            ct_from_borrowed(
                UnsafeMutableRawPointer(mutating: address), dtype.code, shape, Int32(shape.count),
                { $0.map { Unmanaged<AnyObject>.fromOpaque($0).release() } }, context, $0)
        }
    }

    /// All elements in row-major order, converted to `Element` on the way.
    public func values<Element: TensorElement>(as type: Element.Type = Float.self) throws(TorchError) -> [Element] {
        var result = [Element](repeating: .zero, count: count)
        let status = result.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { ct_copy_out(handle, Element.dtype.code, $0, bytes.count) } ?? CT_OK
        }
        try check(status, "values", [self])
        return result
    }

    /// All elements as they are stored, in row-major order.
    public func bytes() throws(TorchError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count * dtype.byteCount)
        let status = result.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { ct_copy_out(handle, dtype.code, $0, bytes.count) } ?? CT_OK
        }
        try check(status, "bytes", [self])
        return result
    }

    /// The one element of a scalar.
    public func item() throws(TorchError) -> Double {
        var value = 0.0
        try check(ct_item(handle, &value), "item", [self])
        return value
    }

    public func to(_ dtype: DType) throws(TorchError) -> Tensor { try to(dtype, device: device) }
    public func to(_ device: Device) throws(TorchError) -> Tensor { try to(dtype, device: device) }
    public func to(_ dtype: DType, device: Device) throws(TorchError) -> Tensor {
        // A copy to the host must have arrived before anyone reads it.
        try operation("to", [self]) { ct_to(handle, dtype.code, device.code, device != .cpu, $0) }
    }
    public func contiguous() throws(TorchError) -> Tensor {
        try operation("contiguous", [self]) { ct_contiguous(handle, $0) }
    }
    public func clone() throws(TorchError) -> Tensor { try operation("clone", [self]) { ct_clone(handle, $0) } }

    /// Overwrites the elements in place, outside autograd. Shapes must be equal; types are converted.
    public func copy(from source: Tensor) throws(TorchError) {
        try check(ct_copy_into(handle, source.handle), "copy", [self, source])
    }
    public func fill(_ value: Double) throws(TorchError) { try check(ct_fill_(handle, value), "fill", [self]) }
}
