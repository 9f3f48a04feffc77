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
    /// The outputs [B, outputs] of neighbouring examples, each by its own copy [B, …] of every one of ``parameters``, by name;
    /// nil where the learner has no such pass, and examples are differentiated one at a time.
    var outputsByCopies: ((Range<Int>, [String: Tensor]) throws -> Tensor)?

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
        // The pass by copies knows no adapters.
        guard !parameters.entries.contains(where: { $0.name.contains("lora_") }) else { return }
        let whole = parameters.entries
        outputsByCopies = { examples, copies in
            var named: [String: Tensor] = [:]
            for entry in whole { named[entry.name] = try copies[entry.name] ?? entry.tensor.detached().unsqueezed(0) }
            return try PerExampleViT(configuration: model.configuration, parameters: named)
                .logits(images.sliced(0, examples))
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

    /// The derivatives of the outputs of neighbouring examples, one [B · outputs, scalars] a parameter, rows example by
    /// example.
    func derivatives(of examples: Range<Int>) throws -> [Tensor] {
        guard let outputsByCopies, examples.count > 1 else {
            return [try .concatenated(examples.map { try jacobian(of: $0) }, 0)]
        }
        let copies = try parameters.entries.map { entry in
            // Flat, so that a view of any rank comes from it and its gradient is flat as well.
            try entry.tensor.detached().reshaped(1, -1).expanded(examples.count, entry.tensor.count)
                .requiringGradient()
        }
        var named: [String: Tensor] = [:]
        for (entry, copy) in zip(parameters.entries, copies) {
            named[entry.name] = try copy.reshaped([examples.count] + entry.tensor.shape)
        }
        let result = try outputsByCopies(examples, named)
        let choices = try Tensor.eye(outputCount, dtype: result.dtype, device: result.device)
        var rows = [[Tensor]](repeating: [], count: copies.count)
        for output in 0..<outputCount {
            let choice = try choices.sliced(0, output..<output + 1).expanded(examples.count, outputCount)
            let gradients = try Tensor.gradients(
                of: [result], weightedBy: [choice], withRespectTo: copies, retainGraph: output + 1 < outputCount)
            for (index, gradient) in gradients.enumerated() {
                rows[index].append(try gradient ?? copies[index].zerosLike())
            }
        }
        // [B, outputs, scalars], of which a single output is a view.
        return try rows.map { parts in
            try (parts.count == 1 ? parts[0] : .stacked(parts, 1)).reshaped(examples.count * outputCount, -1)
        }
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
