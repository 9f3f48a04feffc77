import Torch

/// How matrix products are computed. Weights and optimiser state are fp32 in every case.
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// `fp32-fast` where it is as exact as `fp32` on this machine, else `fp32`.
    case auto
    /// libtorch's default kernels.
    case fp32
    /// oneDNN's kernels ("medium" in PyTorch's words): on some processors 2.5 times as fast at the same error; on those with
    /// AMX they may round to bfloat16.
    case fp32Fast = "fp32-fast"
    /// bfloat16 products under autocast.
    case bf16

    /// The relative error of a 512×512×512 product in fp32, against fp64.
    public static func matmulError(_ precision: Engine.MatmulPrecision) throws(TorchError) -> Double {
        try Engine.setMatmulPrecision(precision)
        defer { try? Engine.setMatmulPrecision(.highest) }
        let generator = try Generator(seed: 1)
        let (a, b) = (try generator.normal([512, 512]), try generator.normal([512, 512]))
        let exact = try a.to(.float64).matmul(b.to(.float64))
        return try (a.linear(b.transposed(0, 1)).to(.float64) - exact).norm().item() / exact.norm().item()
    }

    /// What `auto` means on this machine: decided by error alone, so that it does not change from run to run.
    public func resolved(on device: Device) throws(TorchError) -> Precision {
        guard self == .auto else { return self }
        guard device == .cpu, Engine.hasOneDNN else { return .fp32 }
        return try Self.matmulError(.medium) <= 4 * Self.matmulError(.highest) ? .fp32Fast : .fp32
    }

    /// Sets libtorch up; call once before the first step.
    ///
    /// - Returns: the type for autocast, nil without it.
    func apply() throws(TorchError) -> DType? {
        try Engine.setMatmulPrecision(self == .fp32Fast ? .medium : .highest)
        return self == .bf16 ? .bfloat16 : nil
    }
}
