import NN
import Torch

/// A learner as its tangent kernel sees it: numbered examples, each with the same number of outputs, and the parameters
/// that the outputs are differentiated by.
public struct DifferentiableLearner {
    public let parameters: Parameters
    public let exampleCount: Int
    /// Outputs an example.
    public let outputCount: Int
    /// The outputs [outputs] of an example, with their graph.
    public let outputs: (Int) throws -> Tensor
    /// The outputs [B, outputs] of neighbouring examples, where the learner has such a pass.
    private let batch: ((Range<Int>) throws -> Tensor)?
    /// Bytes that a pass holds of an example; nil where examples are differentiated one at a time.
    private var passBytes: Int?

    /// A learner whose examples are differentiated one at a time, one vector-Jacobian product an output.
    ///
    /// - Parameters:
    ///   - parameters: those that learn count; the frozen ones of a learner with adapters do not.
    ///   - restriction: parts of names, separated by commas, such as `classifier` or `lora_`; all parameters where nil.
    ///   - outputs: the outputs of an example, flattened, deterministic.
    /// - Throws: ``AntkError/noParameters(restriction:examples:)``
    public init(
        _ parameters: Parameters, restrictedTo restriction: String? = nil, exampleCount: Int, outputCount: Int,
        outputs: @escaping (Int) throws -> Tensor
    ) throws(AntkError) {
        self.parameters = try Self.chosen(parameters, restriction)
        (self.exampleCount, self.outputCount, self.outputs) = (exampleCount, outputCount, outputs)
        batch = nil
    }

    /// A learner whose examples are differentiated many at a time, by ``NN/ParameterTap``: where its modules tell of all uses
    /// of the parameters. That is tried out on the first examples, and where it does not give their derivatives they are
    /// differentiated one at a time.
    ///
    /// - Parameter batch: the outputs [B, outputs] of neighbouring examples, none of which depends on another's.
    /// - Throws: ``AntkError/noParameters(restriction:examples:)``, or what `batch` throws.
    public init(
        _ parameters: Parameters, restrictedTo restriction: String? = nil, exampleCount: Int, outputCount: Int,
        batch: @escaping (Range<Int>) throws -> Tensor
    ) throws {
        self.parameters = try Self.chosen(parameters, restriction)
        (self.exampleCount, self.outputCount, self.batch) = (exampleCount, outputCount, batch)
        outputs = { try batch($0..<$0 + 1).squeezed(0) }
        passBytes = try triedOut(batch)
    }

    private static func chosen(_ parameters: Parameters, _ restriction: String?) throws(AntkError) -> Parameters {
        let parts = restriction?.split(separator: ",").map(String.init)
        let chosen = parameters.entries.filter { entry in
            entry.tensor.requiresGradient && (parts?.contains { entry.name.contains($0) } ?? true)
        }
        guard !chosen.isEmpty else {
            throw .noParameters(
                restriction: restriction ?? "", examples: parameters.trainable.entries.suffix(3).map(\.name))
        }
        return Parameters(chosen)
    }

    /// Whether examples are differentiated many at a time.
    public var isBatched: Bool { passBytes != nil }

    /// Bytes that an example's derivatives take, or what they follow from piece by piece.
    var bytesPerExample: Int {
        passBytes ?? parameters.entries.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount } * outputCount
    }

    /// The outputs of all examples, example by example, without a graph: [examples · outputs] in float64.
    public func values() throws -> Tensor {
        try withoutGradients {
            try .concatenated((0..<exampleCount).map { try outputs($0).to(.float64) }, 0)
        }
    }

    /// The derivative of an example's outputs by the parameters, a row an output: [outputs, P], of the parameters' own type.
    ///
    /// - Throws: ``AntkError/notDifferentiable(example:reason:)`` where an example's outputs depend on some parameter in no way
    ///   that can be differentiated.
    public func jacobian(of example: Int) throws -> Tensor { try .concatenated(jacobianParts(of: example), 1) }

    /// By parameter, [outputs, its scalars].
    private func jacobianParts(of example: Int) throws -> [Tensor] {
        let result = try checked(outputs(example), of: example, shape: [outputCount])
        let tensors = parameters.list.tensors
        let choices = try Tensor.eye(outputCount, dtype: result.dtype, device: result.device)
        let gradients = try (0..<outputCount).map { output in
            try Tensor.gradients(
                of: [result], weightedBy: [choices.sliced(0, output..<output + 1).squeezed(0)],
                withRespectTo: tensors, retainGraph: output + 1 < outputCount)
        }
        let missing = tensors.indices.filter { index in gradients.allSatisfy { $0[index] == nil } }
        try checkComplete(missing.map { parameters.entries[$0].name }, example: example)
        return try tensors.enumerated().map { index, tensor in
            try .stacked(gradients.map { try ($0[index] ?? tensor.zerosLike()).reshaped(-1) })
        }
    }

    private func checked(_ result: Tensor, of example: Int, shape: [Int]) throws -> Tensor {
        guard result.shape == shape else {
            throw AntkError.wrongShape(
                what: "the output of example \(example)", found: result.shape, expected: "\(shape)")
        }
        guard result.requiresGradient else {
            throw AntkError.notDifferentiable(
                example: example,
                reason:
                    "its outputs depend on none of the parameters in a way that can be differentiated; restrict the "
                    + "outputs, or the parameters, to others")
        }
        return result
    }

    private func checkComplete(_ missing: [String], example: Int) throws {
        guard let first = missing.first else { return }
        let rest = Set(missing)
        let others = parameters.entries.map(\.name).filter { !rest.contains($0) }
        let more = missing.count > 1 ? " and \(missing.count - 1) more" : ""
        throw AntkError.notDifferentiable(
            example: example,
            reason: "its outputs do not depend on \(first)\(more) in a way that can be differentiated; restrict the "
                + "parameters to others" + (others.last.map { ", such as \($0)" } ?? ""))
    }
}

// MARK: Many examples at a time

extension DifferentiableLearner {
    /// The derivatives of all outputs of neighbouring examples.
    func derivatives(of examples: Range<Int>) throws -> ExampleDerivatives {
        guard let batch, isBatched else {
            let parts = try examples.map { try jacobianParts(of: $0) }
            let rows = try parameters.entries.indices.map { index in
                try Tensor.concatenated(parts.map { $0[index] }, 0)
            }
            return ExampleDerivatives(rows: rows, parameters, examples: examples.count)
        }
        let (result, taps) = try ParameterTap.recording(batch: examples.count) { try batch(examples) }
        let outputs = try checked(result, of: examples.lowerBound, shape: [examples.count, outputCount])
        let derivatives = try ExampleDerivatives(taps ?? [], outputs, parameters)
        try checkComplete(derivatives.missing, example: examples.lowerBound)
        return derivatives
    }

    /// Bytes that a pass holds of an example, where the derivatives of a random combination of the first example's outputs are
    /// the same through taps, in the company of the second example, as without them; else nil.
    private func triedOut(_ batch: (Range<Int>) throws -> Tensor) throws -> Int? {
        let count = min(2, exampleCount)
        guard count > 0 else { return nil }
        let (result, recorded) = try ParameterTap.recording(batch: count) { try batch(0..<count) }
        guard let recorded, result.requiresGradient, result.shape == [count, outputCount] else { return nil }
        let told = Set(recorded.map { ObjectIdentifier($0.parameter) })
        guard parameters.entries.allSatisfy({ told.contains(ObjectIdentifier($0.tensor)) }) else { return nil }
        let weights = try Generator(seed: 1).normal([count, outputCount]).to(result.dtype).to(result.device)
        let combined = try (result * weights).sum(1).unsqueezed(1)
        let found = try ExampleDerivatives(recorded, combined, parameters)
        let alone = try (outputs(0) * weights.sliced(0, 0..<1).squeezed(0)).sum()
        let expected = try Tensor.gradients(
            of: [alone], weightedBy: [alone.detached().zerosLike() + 1], withRespectTo: parameters.list.tensors)
        var (difference, norm) = (0.0, 0.0)
        for (index, entry) in parameters.entries.enumerated() {
            let piece = DerivativePiece(parameter: index, rows: 0..<ParameterTap.rows(of: entry.tensor).count)
            let whole = try (expected[index] ?? entry.tensor.zerosLike()).reshaped(-1)
            let part = try found(piece)?.sliced(0, 0..<1).squeezed(0) ?? whole.zerosLike()
            difference += try (part - whole).square().sum().item()
            norm += try whole.square().sum().item()
        }
        // Adapters are fp32 in a learner of fp64 too.
        let isDouble = result.dtype == .float64 && parameters.entries.allSatisfy { $0.tensor.dtype == .float64 }
        let tolerance = isDouble ? 1e-8 : 1e-3
        // Not a number is unequal to all, and found out when it is met.
        guard difference.squareRoot() <= tolerance * norm.squareRoot() else { return nil }
        return bytes(of: recorded, examples: count)
    }

    /// A derivative at every place an output, and about as much as four of them for the pass itself.
    private func bytes(of taps: [ParameterTap], examples: Int) -> Int {
        taps.reduce(0) { $0 + $1.place.count * $1.place.dtype.byteCount } / examples * (outputCount + 4)
    }

    /// The derivatives of all outputs by central differences, [examples · outputs, P] in float64: an independent, slow check.
    public func numericalJacobian(step: Double = 1e-5) throws -> Tensor {
        var columns: [Tensor] = []
        for tensor in parameters.list.tensors {
            let original = try tensor.values(as: Double.self)
            for index in original.indices {
                func values(_ change: Double) throws -> Tensor {
                    var changed = original
                    changed[index] += change
                    try tensor.copy(from: Tensor(changed, shape: tensor.shape))
                    return try self.values()
                }
                columns.append(try (values(step) - values(-step)) / (2 * step))
            }
            try tensor.copy(from: Tensor(original, shape: tensor.shape))
        }
        return try .stacked(columns, 1)
    }
}
