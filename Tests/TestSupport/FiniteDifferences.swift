import Torch

/// The gradient of a scalar function at a float64 tensor, by central differences.
public func numericalGradient(
    at x: Tensor, step: Double = 1e-5, of function: (Tensor) throws -> Tensor
) throws -> Tensor {
    let values = try x.doubles
    let gradient = try values.indices.map { index in
        var (above, below) = (values, values)
        above[index] += step
        below[index] -= step
        let (high, low) = (try Tensor(above, shape: x.shape), try Tensor(below, shape: x.shape))
        return try withoutGradients { try (function(high).item() - function(low).item()) / (2 * step) }
    }
    return try Tensor(gradient, shape: x.shape)
}

/// Compares the gradients by `backward` of a function of float64 tensors with numerical ones. A result that is no scalar is
/// reduced by fixed random weights, so that every element of the Jacobian counts.
///
/// - Returns: a sentence for each input whose gradient is wrong.
public func gradientMismatches(
    _ inputs: [Tensor], tolerance: Tolerance = .numerical, of function: ([Tensor]) throws -> Tensor
) throws -> [String] {
    let weights = try Tensor.random(withoutGradients { try function(inputs).shape }, seed: 99)
    func scalar(_ inputs: [Tensor]) throws -> Tensor { try (function(inputs) * weights).sum() }

    let leaves = try inputs.map { try $0.clone().requiringGradient() }
    try scalar(leaves).backward()
    return try leaves.indices.compactMap { index in
        guard let found = try leaves[index].gradient() else { return "input \(index) has no gradient" }
        let expected = try numericalGradient(at: inputs[index]) { x in
            var arguments = inputs
            arguments[index] = x
            return try scalar(arguments)
        }
        return try mismatch(found, expected, tolerance).map { "input \(index): \($0)" }
    }
}
