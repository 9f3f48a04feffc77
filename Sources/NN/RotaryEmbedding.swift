import Foundation
import Torch

/// Rotary position embeddings (Su et al., arXiv 2104.09864), in Hugging Face's layout: element i turns with i + D/2.
public struct RotaryEmbedding: Sendable, Equatable {
    /// Llama 3's stretch of the long wavelengths, `rope_type` "llama3".
    public struct Llama3Scaling: Sendable, Equatable {
        public var factor: Double
        public var lowFrequencyFactor: Double
        public var highFrequencyFactor: Double
        public var originalContextLength: Int

        public init(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int
        ) {
            (self.factor, self.originalContextLength) = (factor, originalContextLength)
            (self.lowFrequencyFactor, self.highFrequencyFactor) = (lowFrequencyFactor, highFrequencyFactor)
        }

        /// Wavelengths beyond context ∕ low are divided by the factor, those under context ∕ high stay, and those between
        /// are interpolated (Llama 3's published model code).
        func callAsFunction(_ frequency: Double) -> Double {
            let turns = Double(originalContextLength) * frequency / (2 * .pi)
            let share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
            return frequency * (min(max(share, 0), 1) * (1 - 1 / factor) + 1 / factor)
        }
    }

    /// Radians a position, one a pair of elements.
    public let frequencies: [Float]

    public init(headSize: Int, theta: Double, scaling: Llama3Scaling? = nil) {
        frequencies = stride(from: 0, to: headSize, by: 2).map { element in
            let frequency = pow(theta, -Double(element) / Double(headSize))
            return Float(scaling.map { $0(frequency) } ?? frequency)
        }
    }

    /// The rotations of `positions` [B, T] or [1, T].
    public func rotation(_ positions: Tensor, dtype: DType) throws(TorchError) -> Rotation {
        let rates = try Tensor(frequencies, device: positions.device)
        let angles = try positions.to(.float32).unsqueezed(-1) * rates  // [B, T, D/2]
        let whole = try Tensor.concatenated([angles, angles], -1).unsqueezed(1)  // [B, 1, T, D]
        return Rotation(cosine: try whole.cos().to(dtype), sine: try whole.sin().to(dtype))
    }
}

/// The cosines and sines of some positions, [B or 1, 1, T, D].
public struct Rotation: Sendable {
    public let cosine: Tensor
    public let sine: Tensor

    /// - Parameter x: queries or keys, [B, H, T, D].
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.rotated(cosine: cosine, sine: sine)
    }
}
