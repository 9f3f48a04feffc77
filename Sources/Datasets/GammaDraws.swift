import Foundation

/// Gamma-distributed numbers by Marsaglia and Tsang's method (ACM TOMS 26(3), 2000), from uniform ones by their number.
public struct GammaDraws {
    private let uniform: (UInt64) -> Double
    private var counter: UInt64 = 0

    /// - Parameter uniform: a number in 0..<1 for each of 1, 2, …
    public init(uniform: @escaping (UInt64) -> Double) { self.uniform = uniform }

    public mutating func next(shape: Double) -> Double {
        // Below 1, a draw of shape + 1 times a power of a uniform one.
        if shape < 1 { return next(shape: shape + 1) * pow(nextUniform(), 1 / shape) }
        let d = shape - 1 / 3.0
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = nextNormal()
            let v = pow(1 + c * x, 3)
            if v > 0, log(nextUniform()) < x * x / 2 + d * (1 - v + log(v)) { return d * v }
        }
    }

    private mutating func nextUniform() -> Double {
        counter += 1
        return uniform(counter)
    }

    /// Box-Muller.
    private mutating func nextNormal() -> Double {
        (-2 * log(nextUniform())).squareRoot() * cos(2 * .pi * nextUniform())
    }
}
