import CTorch

/// The process-wide state of libtorch.
public enum Engine {
    /// Threads within an operation.
    public static var threadCount: Int {
        get { Int(ct_thread_count()) }
        set { ct_set_thread_count(Int32(newValue)) }
    }

    /// Seeds the default generators, from which dropout draws.
    public static func seed(_ seed: UInt64) throws(TorchError) { try check(ct_manual_seed(seed), "seed") }

    /// Whether fp32 linear maps on the CPU run on oneDNN's kernels: on some processors several times as fast at the same
    /// error; on those with AMX they may round to bfloat16. Attention keeps libtorch's own kernels.
    public static func setFastLinear(_ enabled: Bool) { ct_set_fast_linear(enabled) }

    public static func setFlushesDenormals(_ enabled: Bool) { ct_set_flush_denormal(enabled) }

    /// Has memory that tensors free wait for the next ones instead of going back to the system: a training step that makes the
    /// same tensors again then touches no fresh pages. For processes that train; it holds until the process ends.
    ///
    /// - Returns: false where the system's allocator has no such setting.
    @discardableResult
    public static func keepFreedMemory() -> Bool { ct_keep_freed_memory() }

    /// Operations without a deterministic implementation throw from then on.
    public static func setDeterministic(_ enabled: Bool) throws(TorchError) {
        try check(ct_set_deterministic(enabled), "setDeterministic")
    }

    /// Runs `body` in mixed precision: matrix products in `dtype`, the rest as libtorch's autocast decides.
    public static func autocast<Result>(
        to dtype: DType?, on device: Device = .cpu, _ body: () throws(TorchError) -> Result
    ) throws(TorchError) -> Result {
        guard let dtype else { return try body() }
        var previous = ct_autocast()
        try check(ct_autocast_push(device.type, dtype.code, &previous), "autocast")
        defer { _ = ct_autocast_pop(device.type, previous) }
        return try body()
    }

    public static var version: String { String(cString: ct_version()) }
    public static var cpuCapability: String { String(cString: ct_cpu_capability()) }
    public static var buildDescription: String { String(cString: ct_build_description()) }
    public static var usesCXX11ABI: Bool { ct_cxx11_abi() == 1 }
    public static var hasOneDNN: Bool { ct_has_onednn() }
    public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }
}
