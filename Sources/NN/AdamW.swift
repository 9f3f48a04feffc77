import Torch

/// AdamW (Loshchilov & Hutter, arXiv 1711.05101), one fused update over all parameters that learn at one rate.
///
/// Matrices and larger tensors decay; vectors (biases, norms) do not.
public final class AdamW: Sendable {
    public struct Configuration: Sendable, Equatable, Codable {
        public var beta1: Double = 0.9
        public var beta2: Double = 0.999
        public var epsilon: Double = 1e-8
        public var weightDecay: Double = 0.05

        public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.05) {
            (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
        }
    }

    private struct Group: Sendable {
        let names: [String]
        let weightDecay: Double
        /// The group's share of the learning rate.
        let scale: Double
        let parameters, firstMoments, secondMoments, steps: TensorList
    }

    public let configuration: Configuration
    private let parameters: Parameters
    private let groups: [Group]

    /// - Parameter layerDecay: the share of the learning rate at which each parameter learns; the whole of it where nil.
    public init(
        _ parameters: Parameters, _ configuration: Configuration, layerDecay: LayerDecay? = nil
    ) throws(TorchError) {
        self.parameters = parameters
        self.configuration = configuration
        let byScale = Dictionary(grouping: parameters.entries) { layerDecay?.scale(of: $0.name) ?? 1 }
        var groups: [Group] = []
        for (scale, entries) in byScale.sorted(by: { $0.key < $1.key }) {
            let decayed = entries.filter { $0.tensor.rank >= 2 }
            let others = entries.filter { $0.tensor.rank < 2 }
            groups.append(try Self.group(decayed, configuration.weightDecay, scale))
            groups.append(try Self.group(others, 0, scale))
        }
        self.groups = groups
    }

    private static func group(
        _ entries: [Parameters.Entry], _ weightDecay: Double, _ scale: Double
    ) throws(TorchError) -> Group {
        var (first, second, steps): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
        for entry in entries {
            first.append(try entry.tensor.zerosLike())
            second.append(try entry.tensor.zerosLike())
            steps.append(try .zeros([], device: entry.tensor.device))
        }
        return Group(
            names: entries.map(\.name), weightDecay: weightDecay, scale: scale,
            parameters: TensorList(entries.map(\.tensor)), firstMoments: TensorList(first),
            secondMoments: TensorList(second), steps: TensorList(steps))
    }

    /// Clips, updates and clears the gradients. A gradient that is not finite changes nothing and is cleared.
    ///
    /// - Returns: the gradient's norm before clipping.
    public func step(learningRate: Double, clippingTo maximumNorm: Double?) throws(TorchError) -> Double {
        let norm = try clipGradients(to: maximumNorm)
        if norm.isFinite { try update(learningRate: learningRate) } else { try clearGradients() }
        return norm
    }

    /// - Returns: the gradient's norm before clipping.
    public func clipGradients(to maximumNorm: Double?) throws(TorchError) -> Double {
        try parameters.list.clipGradientNorm(to: maximumNorm)
    }

    /// As ``clipGradients(to:)``, but the norm stays on the parameters' device, and the host does not wait for it.
    public func clippedNorm(to maximumNorm: Double?) throws(TorchError) -> Tensor {
        try parameters.list.clippedGradientNorm(to: maximumNorm)
    }

    /// Updates by the gradients, and clears them.
    ///
    /// - Parameter norm: that of the gradients where it is not known to be finite: where it is not, nothing is updated.
    public func update(learningRate: Double, unlessSpoilt norm: Tensor? = nil) throws(TorchError) {
        for group in groups where !group.names.isEmpty {
            let update = AdamWUpdate(
                learningRate: learningRate * group.scale, beta1: configuration.beta1, beta2: configuration.beta2,
                weightDecay: group.weightDecay, epsilon: configuration.epsilon)
            try update.apply(
                to: group.parameters, firstMoments: group.firstMoments, secondMoments: group.secondMoments,
                steps: group.steps, unlessSpoilt: norm)
        }
        try clearGradients()
    }

    public func clearGradients() throws(TorchError) { try parameters.list.zeroGradients() }

    /// The moments and counters by name, as PyTorch calls them; the tensors are the live ones.
    public var state: [Parameters.Entry] {
        groups.flatMap { group in
            group.names.indices.flatMap { i in
                [
                    Parameters.Entry(name: "\(group.names[i]).exp_avg", tensor: group.firstMoments.tensors[i]),
                    Parameters.Entry(name: "\(group.names[i]).exp_avg_sq", tensor: group.secondMoments.tensors[i]),
                    Parameters.Entry(name: "\(group.names[i]).step", tensor: group.steps.tensors[i]),
                ]
            }
        }
    }
}
