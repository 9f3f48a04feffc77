import Foundation
import Models
import NN
import Torch

/// How a masked autoencoder's tasks, the reconstruction of each modality, count against each other.
public enum TaskBalancing: String, Codable, Sendable, CaseIterable {
    /// Every task counts alike.
    case none
    /// In the cross-entropy of labels, each class weighs the inverse of how often pixels have it.
    case classWeight = "class-weight"
    /// Constant weights, given in the recipe.
    case fixedWeight = "fixed-weight"
    /// Weights learned so that all tasks train at a similar pace (Chen et al., "GradNorm", arXiv 1711.02257).
    case gradnorm
}

/// GradNorm's weights: where a task lags behind the others, its gradient in the last layer that all share is made larger.
struct GradNorm: Sendable {
    /// How strongly tasks are pulled to a common pace.
    let alpha: Double
    let learningRate: Double
    /// w(t), one a task, which sum up to their number; float64 [T].
    let weights: Tensor
    /// L(0), one a task, 0 before the first step; float64 [T].
    let initialLosses: Tensor
    /// Adam: plain steps at this rate left a short run as it was without balancing.
    private let optimizer: AdamW

    init(taskCount: Int, alpha: Double, learningRate: Double) throws(TorchError) {
        (self.alpha, self.learningRate) = (alpha, learningRate)
        weights = try .ones([taskCount], dtype: .float64).requiringGradient()
        initialLosses = try .zeros([taskCount], dtype: .float64)
        optimizer = try AdamW(Parameters([.init(name: Self.name, tensor: weights)]), .init(weightDecay: 0))
    }

    private static let name = "gradnorm.weights"

    /// What a checkpoint keeps.
    var state: [Parameters.Entry] {
        [
            Parameters.Entry(name: Self.name, tensor: weights),
            Parameters.Entry(name: "gradnorm.initial_losses", tensor: initialLosses),
        ] + optimizer.state
    }

    /// What adds up over examples: of each task the sum of its losses and that sum's gradient in a shared layer,
    /// [T, 1 + the layer's elements].
    ///
    /// - Parameter losses: [B] each, with their graph, which stays.
    func statistics(_ losses: [Tensor], shared: Tensor) throws(TorchError) -> Tensor {
        var rows: [Tensor] = []
        for loss in losses {
            let sum = try loss.sum()
            let one = try Tensor.ones([], dtype: sum.dtype, device: sum.device)
            let gradient = try Tensor.gradients(
                of: [sum], weightedBy: [one], withRespectTo: [shared], retainGraph: true)[0]
            guard let elements = try gradient?.reshaped(-1) else {
                preconditionFailure("every task's loss depends on the layer that all share")
            }
            rows.append(try .concatenated([sum.detached().reshaped(1).to(elements.dtype), elements], 0))
        }
        return try .stacked(rows)
    }

    func freshStatistics(shared: Tensor) throws(TorchError) -> Tensor {
        try .zeros([weights.size(0), 1 + shared.shape.reduce(1, *)], device: shared.device)
    }

    /// One step of the weights, from what a batch's ``statistics(_:shared:)`` come to for each example; then they are
    /// scaled to sum up to their number. No weight falls below a hundredth, so that no task is given up.
    func update(_ statistics: Tensor) throws(TorchError) {
        var (values, norms): ([Double], [Double]) = ([], [])
        for task in 0..<statistics.size(0) {
            let row = try statistics.sliced(0, task..<task + 1).squeezed(0)
            values.append(try row.sliced(0, 0..<1).sum().item())
            norms.append(try row.sliced(0, 1..<row.size(0)).norm().item())
        }
        var initial = try initialLosses.values(as: Double.self)
        if initial.allSatisfy({ $0 == 0 }) {
            initial = values
            try initialLosses.copy(from: Tensor(initial))
        }
        let slope = Self.slope(
            try weights.values(as: Double.self), gradientNorms: norms, losses: values, initialLosses: initial,
            alpha: alpha)
        try weights.setGradient(Tensor(slope))
        _ = try optimizer.step(learningRate: learningRate, clippingTo: nil)
        let moved = try weights.values(as: Double.self).map { max(0.01, $0) }
        let total = moved.reduce(0, +)
        try weights.copy(from: Tensor(moved.map { $0 * Double(moved.count) / total }))
    }

    /// The gradient with respect to w of Σ |G_i − Ḡ r_i^α|, for G_i = w_i ‖∇ L_i‖, Ḡ their mean and r_i the loss's
    /// remaining share L_i ∕ L_i(0) over the mean of those, both held constant.
    ///
    /// - Parameter gradientNorms: ‖∇ L_i‖, of the unweighted losses.
    static func slope(
        _ weights: [Double], gradientNorms: [Double], losses: [Double], initialLosses: [Double], alpha: Double
    ) -> [Double] {
        let count = Double(weights.count)
        let norms = zip(weights, gradientNorms).map { $0 * $1 }
        let meanNorm = norms.reduce(0, +) / count
        let remaining = zip(losses, initialLosses).map { $0 / max($1, .leastNormalMagnitude) }
        let meanRemaining = max(remaining.reduce(0, +) / count, .leastNormalMagnitude)
        return weights.indices.map { task in
            let excess = norms[task] - meanNorm * pow(remaining[task] / meanRemaining, alpha)
            return excess == 0 ? 0 : (excess < 0 ? -1 : 1) * gradientNorms[task]
        }
    }
}

/// The weights of a masked autoencoder's tasks.
enum TaskWeights: Sendable {
    case equal
    case fixed([Double])
    case learned(GradNorm)

    var state: [Parameters.Entry] {
        if case .learned(let gradNorm) = self { gradNorm.state } else { [] }
    }

    /// - Parameter losses: [T, B]
    /// - Returns: their weighted sum, [B].
    func total(_ losses: Tensor) throws(TorchError) -> Tensor {
        let weights: [Double]
        switch self {
        case .equal: return try losses.sum(0)
        case .fixed(let constants): weights = constants
        case .learned(let gradNorm): weights = try gradNorm.weights.values(as: Double.self)
        }
        return try (losses * Tensor(weights.map(Float.init), device: losses.device).unsqueezed(-1)).sum(0)
    }
}
