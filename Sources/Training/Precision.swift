import Torch

/// How matrix products are computed. Weights and optimiser state are fp32 in every case.
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// `fp32-fast` where it is as exact as `fp32` on this machine and clearly faster, else `fp32`.
    case auto
    /// libtorch's default kernels.
    case fp32
    /// oneDNN's kernels for linear maps: on some processors several times as fast at the same error.
    case fp32Fast = "fp32-fast"
    /// bfloat16 products under autocast.
    case bf16

    /// The relative error of a 512×512×512 linear map in fp32, against fp64.
    public static func linearError(fast: Bool) throws(TorchError) -> Double {
        try withFastLinear(fast) { () throws(TorchError) in
            let generator = try Generator(seed: 1)
            let (x, weight) = (try generator.normal([512, 512]), try generator.normal([512, 512]))
            let exact = try x.to(.float64).linear(weight.to(.float64))
            return try (x.linear(weight).to(.float64) - exact).norm().item() / exact.norm().item()
        }
    }

    /// What `auto` means on this machine for a learner of a width: the faster kernels only where they are as exact and save
    /// at least a fifth of the time on matrices of that width.
    public func resolved(on device: Device, width: Int) throws(TorchError) -> Precision {
        guard self == .auto else { return self }
        guard device == .cpu, Engine.hasOneDNN else { return .fp32 }
        guard try Self.linearError(fast: true) <= 4 * Self.linearError(fast: false) else { return .fp32 }
        return try Self.seconds(fast: true, width: width) < 0.8 * Self.seconds(fast: false, width: width)
            ? .fp32Fast : .fp32
    }

    /// Processor seconds, which other programs disturb less, of a forward and backward of a linear map as wide as the
    /// learner's: the least of several.
    private static func seconds(fast: Bool, width: Int) throws(TorchError) -> Double {
        try withFastLinear(fast) { () throws(TorchError) in
            let generator = try Generator(seed: 1)
            let x = try generator.normal([2048, width]).requiringGradient()
            let weight = try generator.normal([4 * width, width]).requiringGradient()
            var best = Double.infinity
            for _ in 0..<12 {
                var clock = PhaseClock()
                try clock.measure(.forward) { () throws(TorchError) in try x.linear(weight).sum().backward() }
                best = min(best, clock.processorSeconds)
            }
            return best
        }
    }

    static func withFastLinear<Result>(_ fast: Bool, _ body: () throws(TorchError) -> Result) throws(TorchError)
        -> Result
    {
        Engine.setFastLinear(fast)
        defer { Engine.setFastLinear(false) }
        return try body()
    }

    /// Sets libtorch up; call once before the first step.
    ///
    /// - Returns: the type for autocast, nil without it.
    func apply() -> DType? {
        Engine.setFastLinear(self == .fp32Fast)
        return self == .bf16 ? .bfloat16 : nil
    }
}
