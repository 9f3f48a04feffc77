import Torch

/// Weights that do not fit a learner, all of them.
public struct ParameterError: Error, Equatable, CustomStringConvertible {
    public let problems: [String]

    public init(problems: [String]) { self.problems = problems }

    public var description: String {
        "the weights do not fit the learner (\(problems.count) problems): " + problems.joined(separator: "; ")
    }
}

/// A learner's parameters by name, in a fixed order.
public struct Parameters: Sendable {
    public struct Entry: Sendable {
        public let name: String
        public let tensor: Tensor

        public init(name: String, tensor: Tensor) { (self.name, self.tensor) = (name, tensor) }
    }

    /// A frozen weight and what is learned beside it.
    public struct AdaptedWeight: Sendable {
        /// The weight's own name, such as `model.layers.0.self_attn.q_proj.weight`.
        public let name: String
        public let adapter: LowRankAdapter
        public let layout: Linear.Layout
    }

    public let entries: [Entry]
    public let adapted: [AdaptedWeight]
    public let list: TensorList

    public init(_ entries: [Entry], adapted: [AdaptedWeight] = []) {
        (self.entries, self.adapted) = (entries, adapted)
        list = TensorList(entries.map(\.tensor))
    }

    /// The number of scalars.
    public var count: Int { entries.reduce(0) { $0 + $1.tensor.count } }

    /// Those that learn: all of them, or the adapters alone. These are what an optimiser updates.
    public var trainable: Parameters { Parameters(entries.filter { $0.tensor.requiresGradient }, adapted: adapted) }

    /// The parameters of the learner without adapters, with every adapter added to the weight beside it.
    ///
    /// - Throws: ``ParameterError`` where an adapted weight is only another parameter's second name.
    public func merged() throws -> Parameters {
        let updates = Dictionary(uniqueKeysWithValues: adapted.map { ($0.name, $0) })
        let names = Set(entries.map(\.name))
        let tied = updates.keys.filter { !names.contains($0) }.sorted()
        guard tied.isEmpty else {
            throw ParameterError(
                problems: tied.map { "\($0) is tied to another parameter, so its adapter cannot be merged" })
        }
        return try withoutGradients {
            Parameters(
                try entries.filter { !$0.tensor.requiresGradient || adapted.isEmpty }.map { entry in
                    guard let update = updates[entry.name] else { return entry }
                    return Entry(name: entry.name, tensor: try update.merged(into: entry.tensor))
                })
        }
    }
}

extension Parameters.AdaptedWeight {
    /// In fp32, rounded once to the weight's own type.
    fileprivate func merged(into weight: Tensor) throws(TorchError) -> Tensor {
        let delta = try adapter.delta()
        let sum = try weight.to(.float32) + (layout == .outputsFirst ? delta : delta.transposed(0, 1))
        return try sum.to(weight.dtype)
    }
}
