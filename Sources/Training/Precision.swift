import Torch

/// How matrix products are computed. Weights and optimiser state are fp32 in every case.
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// `fp32-fast` where it is as exact as `fp32` on this machine and clearly faster, else `fp32`.
    case auto
    /// IEEE arithmetic: our own kernels for linear maps where the processor has AVX-512, libtorch's default ones elsewhere.
    case fp32
    /// oneDNN's kernels for linear maps, which may round operands to bfloat16 where the processor gains by it (AMX).
    case fp32Fast = "fp32-fast"
    /// Products of operands rounded to bfloat16, everything else in fp32; on CUDA as autocast decides.
    case bf16

    /// The relative error of a 512×512×512 linear map in fp32, against fp64.
    public static func linearError(_ kernels: Engine.LinearKernels) throws(TorchError) -> Double {
        try Engine.withLinearKernels(kernels) { () throws(TorchError) in
            let generator = try Generator(seed: 1)
            let (x, weight) = (try generator.normal([512, 512]), try generator.normal([512, 512]))
            let exact = try x.to(.float64).linear(weight.to(.float64))
            return try (x.linear(weight).to(.float64) - exact).norm().item() / exact.norm().item()
        }
    }

    /// Whether there are oneDNN's fp32 kernels, and they are as exact as the default ones on this machine.
    public static func fastIsExact() throws(TorchError) -> Bool {
        guard Engine.hasOneDNN else { return false }
        return try linearError(.fast) <= 4 * linearError(.standard)
    }

    /// What `auto` means on this machine for a learner of a width: the faster kernels only where they are as exact and save
    /// at least a fifth of the time on matrices of that width.
    public func resolved(on device: Device, width: Int) throws(TorchError) -> Precision {
        guard self == .auto else { return self }
        guard device == .cpu, try Self.fastIsExact() else { return .fp32 }
        return try Self.seconds(.fast, width: width) < 0.8 * Self.seconds(.own, width: width) ? .fp32Fast : .fp32
    }

    /// Processor seconds, which other programs disturb less, of a forward and backward of a linear map as wide as the
    /// learner's: the least of several.
    private static func seconds(_ kernels: Engine.LinearKernels, width: Int) throws(TorchError) -> Double {
        try Engine.withLinearKernels(kernels) { () throws(TorchError) in
            let generator = try Generator(seed: 1)
            let x = try generator.normal([2048, width]).requiringGradient()
            let weight = try generator.normal([4 * width, width]).requiringGradient()
            // Wide maps take long enough for three to tell.
            var (best, spent) = (Double.infinity, 0.0)
            for count in 0..<12 where count < 3 || spent < 0.2 {
                var clock = PhaseClock()
                try clock.measure(.forward) { () throws(TorchError) in try x.linear(weight).sum().backward() }
                best = min(best, clock.processorSeconds)
                spent += clock.processorSeconds
            }
            return best
        }
    }

    /// The kernels that linear maps on the CPU take.
    ///
    /// A processor without kernels for bfloat16 computes under autocast.
    public var linearKernels: Engine.LinearKernels {
        switch self {
        case .auto, .fp32: .own
        case .fp32Fast: .fast
        case .bf16: Engine.hasBFloat16Maps ? .bfloat16 : .own
        }
    }

    /// Sets libtorch up; call before the first step of each learner.
    ///
    /// - Returns: the type for autocast, nil without it.
    func apply(on device: Device) -> DType? {
        Engine.linearKernels = linearKernels
        return computeType(on: device)
    }

    /// The type for autocast; nil without it.
    public func computeType(on device: Device) -> DType? {
        self == .bf16 && (device != .cpu || linearKernels != .bfloat16) ? .bfloat16 : nil
    }

    /// Runs `body` at this precision, then goes back to that of before.
    func during<Result>(on device: Device, _ body: () throws -> Result) throws -> Result {
        try Engine.withLinearKernels(linearKernels) {
            try Engine.autocast(to: computeType(on: device), on: device) { () throws(TorchError) in
                Swift.Result { try body() }
            }.get()
        }
    }
}

extension TrainingSettings {
    /// ``Precision/apply(on:)`` of these settings.
    func applyPrecision() -> DType? { precision.apply(on: place) }
}
