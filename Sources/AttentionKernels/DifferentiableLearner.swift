import Models
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
    /// The outputs [B, outputs] of neighbouring examples, with taps where ``parameters`` took part; nil where the learner
    /// has no such pass, and examples are differentiated one at a time.
    private var tapped: ((Range<Int>) throws -> (outputs: Tensor, taps: [Tap]))?

    /// - Parameters:
    ///   - parameters: those that learn count; the frozen ones of a learner with adapters do not.
    ///   - restriction: parts of names, separated by commas, such as `classifier` or `lora_`; all parameters where nil.
    ///   - outputs: the outputs of an example, flattened, deterministic.
    /// - Throws: ``AntkError/noParameters(restriction:examples:)``
    public init(
        _ parameters: Parameters, restrictedTo restriction: String? = nil, exampleCount: Int, outputCount: Int,
        outputs: @escaping (Int) throws -> Tensor
    ) throws(AntkError) {
        let parts = restriction?.split(separator: ",").map(String.init)
        let chosen = parameters.entries.filter { entry in
            entry.tensor.requiresGradient && (parts?.contains { entry.name.contains($0) } ?? true)
        }
        guard !chosen.isEmpty else {
            throw .noParameters(
                restriction: restriction ?? "", examples: parameters.trainable.entries.suffix(3).map(\.name))
        }
        self.parameters = Parameters(chosen)
        (self.exampleCount, self.outputCount, self.outputs) = (exampleCount, outputCount, outputs)
    }

    /// The logits of a vision transformer on images [N, C, H, W].
    public init(
        _ model: ViT, _ parameters: Parameters, images: Tensor, restrictedTo restriction: String? = nil
    ) throws(AntkError) {
        try self.init(
            parameters, restrictedTo: restriction, exampleCount: images.size(0),
            outputCount: model.configuration.classCount
        ) { example in try model.logits(images.sliced(0, example..<example + 1)).squeezed(0) }
        // The pass with taps knows no adapters.
        guard !parameters.entries.contains(where: { $0.name.contains("lora_") }) else { return }
        let named = Dictionary(uniqueKeysWithValues: parameters.entries.map { ($0.name, $0.tensor) })
        let wanted = Set(self.parameters.entries.map(\.name))
        tapped = { examples in
            var pass = TappedViT(model.configuration, named, wanted: wanted)
            let logits = try pass.logits(images.sliced(0, examples))
            return (logits, pass.taps)
        }
    }

    /// What a language model says of the token after each row of `tokens` [N, T]: its logits of the tokens `vocabulary`.
    public init(
        _ model: any LanguageModel, _ parameters: Parameters, tokens: Tensor, vocabulary: [Int],
        restrictedTo restriction: String? = nil
    ) throws {
        let chosen = try Tensor(vocabulary.map(Int64.init))
        try self.init(
            parameters, restrictedTo: restriction, exampleCount: tokens.size(0), outputCount: vocabulary.count
        ) { example in
            let hidden = try model.hidden(tokens.sliced(0, example..<example + 1))
            return try model.logits(hidden.sliced(1, hidden.size(1) - 1..<hidden.size(1))).reshaped(-1)
                .selected(0, chosen)
        }
    }

    /// The outputs of all examples, example by example, without a graph: [examples · outputs] in float64.
    public func values() throws -> Tensor {
        try withoutGradients {
            try .concatenated((0..<exampleCount).map { try outputs($0).to(.float64) }, 0)
        }
    }

    /// The derivative of an example's outputs by the parameters, a row an output: [outputs, P], of the parameters' own
    /// type; zero where a parameter takes no part.
    public func jacobian(of example: Int) throws -> Tensor {
        let result = try outputs(example)
        guard result.shape == [outputCount] else {
            throw AntkError.wrongShape(
                what: "the output of example \(example)", found: result.shape, expected: "[\(outputCount)]")
        }
        guard result.requiresGradient else {
            throw AntkError.notDifferentiable(
                example: example, reason: "its outputs depend on none of the parameters; choose others")
        }
        let tensors = parameters.list.tensors
        let choices = try Tensor.eye(outputCount, dtype: result.dtype, device: result.device)
        let rows = try (0..<outputCount).map { output in
            let gradients = try Tensor.gradients(
                of: [result], weightedBy: [choices.sliced(0, output..<output + 1).squeezed(0)],
                withRespectTo: tensors, retainGraph: output + 1 < outputCount)
            return try Tensor.concatenated(
                zip(gradients, tensors).map { try ($0 ?? $1.zerosLike()).reshaped(-1) }, 0)
        }
        return try .stacked(rows)
    }

    /// Hands over the derivatives of the outputs of neighbouring examples, piece by piece of the parameters, [B · outputs,
    /// scalars] with rows example by example: a piece may be forgotten before the next one is made, while the processor's
    /// caches still have it. A piece is of one of ``parameters``, by name and in order, or all of them where examples are
    /// differentiated one at a time.
    func forEachDerivative(of examples: Range<Int>, _ body: (String?, Tensor) throws -> Void) throws {
        guard let tapped else {
            return try body(nil, .concatenated(examples.map { try jacobian(of: $0) }, 0))
        }
        let (outputs, taps) = try tapped(examples)
        let choices = try Tensor.eye(outputCount, dtype: outputs.dtype, device: outputs.device)
        let gradients = try (0..<outputCount).map { output in
            let choice = try choices.sliced(0, output..<output + 1).expanded(examples.count, outputCount)
            return try Tensor.gradients(
                of: [outputs], weightedBy: [choice], withRespectTo: taps.map(\.place),
                retainGraph: output + 1 < outputCount)
        }
        for (index, tap) in taps.enumerated() {
            for derivative in tap.derivatives {
                let size = max(1, Self.pieceSize / (examples.count * outputCount * derivative.rowSize))
                for start in stride(from: 0, to: derivative.rowCount, by: size) {
                    let rows = start..<min(start + size, derivative.rowCount)
                    let parts = try gradients.map { try derivative.of($0[index] ?? tap.place.zerosLike(), rows) }
                    let piece = try parts.count == 1 ? parts[0] : .stacked(parts, 1)
                    try body(derivative.name, piece.reshaped(examples.count * outputCount, -1))
                }
            }
        }
    }

    /// Numbers in a piece: 8 MB of fp32.
    private static let pieceSize = 1 << 21

    /// The same, all at once.
    func derivatives(of examples: Range<Int>) throws -> [Tensor] {
        var parts: [Tensor] = []
        try forEachDerivative(of: examples) { parts.append($1) }
        return parts
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
