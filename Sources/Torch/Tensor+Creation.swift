import CTorch

extension Tensor {
    public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError)
        -> Tensor
    {
        try operation("empty") { ct_empty(shape, Int32(shape.count), dtype.code, device.code, $0) }
    }
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try operation("full") { ct_full(shape, Int32(shape.count), value, dtype.code, device.code, $0) }
    }
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError)
        -> Tensor
    {
        try full(shape, 0, dtype: dtype, device: device)
    }
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor
    {
        try full(shape, 1, dtype: dtype, device: device)
    }
    /// Zeros of the same shape, type and device, without a gradient.
    public func zerosLike() throws(TorchError) -> Tensor {
        try operation("zerosLike", [self]) { ct_zeros_like(handle, $0) }
    }

    /// 0, 1, … count − 1.
    public static func arange(_ count: Int, dtype: DType = .int64, device: Device = .cpu) throws(TorchError) -> Tensor {
        try operation("arange") { ct_arange(0, Double(count), 1, dtype.code, device.code, $0) }
    }
    public static func eye(_ size: Int, dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor {
        try operation("eye") { ct_eye(size, dtype.code, device.code, $0) }
    }
}
