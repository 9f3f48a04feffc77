import CTorch

/// The process-wide state of libtorch.
public enum Engine {
    /// Threads within an operation, at least 1.
    public static var threadCount: Int {
        get { Int(ct_thread_count()) }
        set {
            precondition(newValue > 0, "an operation runs on at least one thread")
            ct_set_thread_count(Int32(newValue))
        }
    }

    /// Seeds the default generators, from which dropout draws.
    public static func seed(_ seed: UInt64) throws(TorchError) { try check(ct_manual_seed(seed), "seed") }

    /// How the products of fp32 linear maps on the CPU are computed. Attention, norms and losses stay in fp32.
    public enum LinearKernels: UInt32, Sendable {
        /// libtorch's default kernels.
        case standard = 0
        /// oneDNN's: on some processors several times as fast at the same error; on those with AMX they may round to bfloat16.
        case fast = 1
        /// Of operands rounded to bfloat16, where ``Engine/hasBFloat16Maps``. Maps of fewer than 64 rows take the fast kernels.
        case bfloat16 = 2
        /// Ours, in IEEE arithmetic, where the processor has AVX-512; libtorch's elsewhere.
        case own = 3
    }

    public static var linearKernels: LinearKernels {
        get { LinearKernels(rawValue: ct_get_linear_kernels().rawValue) ?? .standard }
        set { ct_set_linear_kernels(ct_linear_kernels(rawValue: newValue.rawValue)) }
    }

    /// Runs `body` with these kernels, and sets those of before again.
    public static func withLinearKernels<Result, Failure: Error>(
        _ kernels: LinearKernels, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let previous = linearKernels
        linearKernels = kernels
        defer { linearKernels = previous }
        return try body()
    }

    public static func setFlushesDenormals(_ enabled: Bool) { ct_set_flush_denormal(enabled) }

    /// Has memory that tensors free wait for the next ones instead of going back to the system: a training step that makes the
    /// same tensors again then touches no fresh pages. For processes that train; it holds until the process ends.
    ///
    /// - Returns: false where the system's allocator has no such setting.
    @discardableResult
    public static func keepFreedMemory() -> Bool { ct_keep_freed_memory() }

    /// Gives the freed memory that waits back to the system, once.
    public static func releaseFreedMemory() { ct_release_freed_memory() }

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
    public static var usesCXX11ABI: Bool { ct_cxx11_abi() == 1 }
    public static var hasOneDNN: Bool { ct_has_onednn() }
    /// Whether linear maps on the CPU have bfloat16 kernels, for which oneDNN needs AVX-512 at least.
    public static var hasBFloat16Maps: Bool { hasOneDNN && cpuCapability.hasPrefix("AVX512") }
    /// Whether libtorch's part for CUDA is loaded, be there a device or not.
    public static var hasCUDA: Bool { ct_has_cuda() }
    public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

    /// What tells a CUDA device from all others, on whatever machine. It takes what ``CommunicationBackend/nccl`` takes.
    public static func identity(ofCUDADevice index: Int) throws(TorchError) -> String {
        var text = [CChar](repeating: 0, count: 64)
        try check(ct_cuda_identity(Int32(index), &text, text.count), "cudaIdentity")
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
