import CTorch

/// A tensor's elements on their way to the host. On CUDA the copy runs behind the device's work, and only ``values()`` waits.
public final class HostCopy: @unchecked Sendable {
    private let handle: ct_host_copy
    private let count: Int

    public init(_ tensor: Tensor) throws(TorchError) {
        var handle: ct_host_copy?
        try check(ct_host_copy_new(tensor.handle, CT_FLOAT32, &handle), "hostCopy", [tensor])
        guard let handle else { throw TorchError(CT_FAILED, operation: "hostCopy", operands: [tensor]) }
        (self.handle, count) = (handle, tensor.count)
    }

    deinit { ct_host_copy_free(handle) }

    /// All elements in row-major order, as fp32.
    public func values() throws(TorchError) -> [Float] {
        var result = [Float](repeating: 0, count: count)
        let status = result.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { ct_host_copy_read(handle, $0, bytes.count) } ?? CT_OK
        }
        try check(status, "hostCopy", [])
        return result
    }
}
