import Foundation
import Torch

/// Importance-adaptive gradients: the closed form against automatic differentiation, and the importance factors of digits.
public struct GradientExperiment: Sendable {
    public var trials = 20
    public var seed: UInt64 = 0
    /// Images, and windows of text, whose importance factors are drawn.
    public var pictures = 4
    /// A passage from Hamlet where nil.
    public var text: TheoryText?

    public init() {}

    /// The largest difference between any two derivatives by the two ways, over learners and sequences of random sizes.
    public func largestError() throws -> Double {
        var largest = 0.0
        for trial in 0..<trials {
            let sizes = try Generator(seed: seed &+ UInt64(trial)).uniform([4], in: 1..<7).values(as: Double.self)
            let learner = try SelfAttention(
                elementSize: Int(sizes[0]), width: Int(sizes[1]), outputs: Int(sizes[2]), seed: seed &+ UInt64(trial))
            let elements = try Generator(seed: ~seed &- UInt64(trial))
                .normal([Int(sizes[3]), learner.elementSize]).to(.float64)
            let found = try AttentionDerivative(learner, elements).jacobian()
            let expected = try learner.differentiable(on: [elements]).jacobian(of: 0)
            largest = max(largest, try (found - expected).abs().max().item())
        }
        return largest
    }

    /// - Parameter data: images, cut into 16 patches.
    public func run(on data: TheoryData) throws -> TheoryResult {
        let error = try largestError()
        let reordering = try reorderingError()
        let text = try text ?? TheoryText(TheoryText.soliloquy, name: "Hamlet")
        let (textMaps, accuracy) = try text.importanceMaps(pictures, seed: seed)
        return TheoryResult(
            experiment: "gradients", title: "Importance-adaptive gradients",
            statement: """
                The derivative of one-layer, one-head self-attention by each of its weights is a sum over the sequence's \
                elements in which every element counts by an importance: its attention for W_V, and for W_Q and W_K its \
                attention times how far its value stands off the output. The derivatives follow the order of the \
                elements, and have the shape of the weights however long the sequence is. Their values do depend on \
                length through the softmax: they stay the same when every element is repeated, not when others are added.
                """,
            equation: "∂f_ia/∂W_Q = s_i (Σ_j ω_j k_j)ᵀ/√d,  ∂f_ia/∂W_K = (Σ_j ω_j s_j) q_iᵀ/√d,  "
                + "∂f_ia/∂W_V = (Σ_j A_ij s_j) e_aᵀ  with  ω_j = A_ij (V_ja − f_ia)",
            verdict: String(
                format: "Over %d learners and sequences of random sizes the closed form differs from automatic "
                    + "differentiation by at most %.1e, and from itself after reordering by at most %.1e. The maps show "
                    + "the importance ω of images' patches and of a text's characters to learners that were trained by "
                    + "the closed form alone; the one of text says the next character right in %.0f %% of its windows.",
                trials, error, reordering, 100 * accuracy),
            isSupported: error < 1e-10 && reordering < 1e-10,
            figures: [
                "theory.closed_form.error": error, "theory.reordering.error": reordering,
                "theory.text.accuracy": accuracy,
            ],
            settings: ["trials": "\(trials)", "seed": "\(seed)", "text": text.name],
            heatMaps: try data.importanceMaps(pictures, seed: seed) + textMaps)
    }

    /// How far the derivative of a reversed sequence is from the reversed derivative.
    func reorderingError() throws -> Double {
        let learner = try SelfAttention(elementSize: 5, width: 4, outputs: 3, seed: seed)
        let elements = try Generator(seed: seed &+ 1).normal([6, 5]).to(.float64)
        let plain = try AttentionDerivative(learner, elements)
        let reversed = try AttentionDerivative(learner, elements.flipped(0))
        let differences = [
            try plain.byQuery() - reversed.byQuery().flipped(0), try plain.byKey() - reversed.byKey().flipped(0),
            try plain.byValue() - reversed.byValue().flipped(0),
        ]
        return try differences.map { try $0.abs().max().item() }.max() ?? .nan
    }
}

extension SelfAttention {
    /// This learner as any other: sequences [n, D] of one length, all n·m outputs of each.
    ///
    /// - Throws: ``AntkError`` where the lengths differ.
    public func differentiable(on sequences: [Tensor]) throws -> DifferentiableLearner {
        let shape = sequences.first?.shape ?? [0, elementSize]
        for sequence in sequences where sequence.shape != shape {
            throw AntkError.wrongShape(what: "a sequence", found: sequence.shape, expected: "\(shape), as the first")
        }
        let leaves = try requiringGradients()
        return try DifferentiableLearner(
            .init([
                .init(name: "W_Q", tensor: leaves.query), .init(name: "W_K", tensor: leaves.key),
                .init(name: "W_V", tensor: leaves.value),
            ]), exampleCount: sequences.count, outputCount: shape[0] * outputs
        ) { try leaves(sequences[$0]).reshaped(-1) }
    }
}
