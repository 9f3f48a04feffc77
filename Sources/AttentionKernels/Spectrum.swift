import Torch

/// What a kernel matrix's eigenvalues tell, in falling order.
public struct Spectrum: Sendable, Equatable {
    public let eigenvalues: [Double]

    /// - Parameter kernel: symmetric, [R, R]
    public init(_ kernel: Tensor) throws {
        eigenvalues = try kernel.to(.float64).symmetricEigen().values.values(as: Double.self).reversed()
    }

    public var largest: Double { eigenvalues.first ?? .nan }
    public var smallest: Double { eigenvalues.last ?? .nan }

    /// (Σλ)² ∕ Σλ²: about how many directions the kernel spreads over.
    public var effectiveRank: Double {
        let sum = eigenvalues.reduce(0, +)
        return sum * sum / eigenvalues.reduce(0) { $0 + $1 * $1 }
    }
}

/// ‖a − b‖_F ∕ ‖b‖_F
public func relativeDistance(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Double {
    try (a - b).norm().item() / b.norm().item()
}

/// yᵀKy ∕ (‖K‖_F ‖y‖²): 1 where the kernel has the targets' direction alone (Cristianini et al., 2001).
public func alignment(_ kernel: Tensor, with targets: Tensor) throws(TorchError) -> Double {
    let squares = try (kernel.matmul(targets) * targets).sum().item()
    return try squares / (kernel.norm().item() * targets.square().sum().item())
}

/// The sum of a square matrix's diagonal.
func trace(_ matrix: Tensor) throws(TorchError) -> Double {
    try (matrix * .eye(matrix.size(0), dtype: matrix.dtype)).sum().item()
}
