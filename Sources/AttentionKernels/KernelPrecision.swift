import Torch

/// What derivatives are rounded to before they are multiplied. Sums are fp32 within a piece of the parameters and fp64 over the
/// pieces in every case.
public enum KernelPrecision: String, Sendable, CaseIterable {
    /// ``bfloat16`` where the processor has the instructions, else ``full``.
    case automatic = "auto"
    /// Nothing: the products are those of the derivatives' own type.
    case full
    /// bfloat16, of fp32 derivatives on the CPU by large matrices: the kernel is exactly that of slightly other derivatives, so
    /// it stays symmetric and positive semi-definite. Roundings are off by 2⁻⁹ at most, up and down, and average out over a
    /// matrix; of small parameters, such as a classifier's or biases, they would not, and these stay as they are.
    case bfloat16

    /// Scalars from which on a parameter is large.
    static let large = 1 << 14

    /// What it amounts to on this machine; never ``automatic``.
    var resolved: KernelPrecision {
        guard self == .automatic else { return self }
        return Engine.hasBFloat16Products ? .bfloat16 : .full
    }

    /// Whether the derivatives by a parameter are rounded; not for ``automatic``.
    func rounds(_ parameter: Tensor) -> Bool {
        self == .bfloat16 && parameter.count >= Self.large && parameter.dtype == .float32 && parameter.device == .cpu
    }
}
