import Models

/// A masked autoencoder of several modalities, or what its encoder is fine-tuned for.
public struct MultiMAESettings: Codable, Sendable, Equatable {
    public enum Task: String, Codable, Sendable, CaseIterable {
        /// Pre-training.
        case reconstruction
        /// What kind of scene it is.
        case classification
        /// What every pixel shows.
        case segmentation
        /// How far every pixel is.
        case depth
    }

    public var network: MultiMAE.Configuration
    /// Pre-training, or what the encoder is fine-tuned for.
    public var task = Task.reconstruction
    /// The run whose encoder fine-tuning starts from; fresh weights where absent.
    public var initFrom: String?
    /// How pre-training's tasks count against each other.
    public var balancing = TaskBalancing.none
    /// What the reconstruction of each modality counts under `fixed-weight`.
    public var taskWeights: [String: Double]?
    /// GradNorm's α: how strongly tasks are pulled to a common pace.
    public var gradNormAlpha = 1.5
    /// That of Adam for GradNorm's weights of the tasks.
    public var gradNormLearningRate = 0.025

    public init(_ network: MultiMAE.Configuration = .init()) { self.network = network }

    private enum CodingKeys: String, CodingKey {
        case task, balancing
        case initFrom = "init_from"
        case taskWeights = "task_weights"
        case gradNormAlpha = "gradnorm_alpha"
        case gradNormLearningRate = "gradnorm_learning_rate"
    }

    public init(from decoder: any Decoder) throws {
        network = try MultiMAE.Configuration(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        task = try container.decode(Task.self, forKey: .task)
        initFrom = try container.decodeIfPresent(String.self, forKey: .initFrom)
        balancing = try container.decode(TaskBalancing.self, forKey: .balancing)
        taskWeights = try container.decodeIfPresent([String: Double].self, forKey: .taskWeights)
        gradNormAlpha = try container.decode(Double.self, forKey: .gradNormAlpha)
        gradNormLearningRate = try container.decode(Double.self, forKey: .gradNormLearningRate)
    }

    public func encode(to encoder: any Encoder) throws {
        try network.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task, forKey: .task)
        try container.encodeIfPresent(initFrom, forKey: .initFrom)
        try container.encode(balancing, forKey: .balancing)
        try container.encodeIfPresent(taskWeights, forKey: .taskWeights)
        try container.encode(gradNormAlpha, forKey: .gradNormAlpha)
        try container.encode(gradNormLearningRate, forKey: .gradNormLearningRate)
    }

    /// The modality that a task asks for, which must not be given.
    var answer: Modality? {
        switch task {
        case .reconstruction, .classification: nil
        case .segmentation: .semseg
        case .depth: .depth
        }
    }

    func validate() throws(SettingError) {
        try network.validate()
        if let answer, network.modalities.contains(answer) {
            throw SettingError(
                key: "modalities", found: "[\(network.modalities.map(\.rawValue).joined(separator: ", "))]",
                expected: "none that holds the answer of task \(task.rawValue), such as [rgb]")
        }
        if task == .reconstruction, let initFrom {
            throw SettingError(
                key: "init_from", found: initFrom,
                expected: "none for task reconstruction, which starts from fresh weights")
        }
        try validateBalancing()
    }

    private func validateBalancing() throws(SettingError) {
        func require(_ holds: Bool, _ key: String, _ found: Any, _ expected: String) throws(SettingError) {
            guard holds else { throw SettingError(key: key, found: "\(found)", expected: expected) }
        }
        try require(
            balancing == .none || task == .reconstruction, "balancing", balancing.rawValue,
            "none for the one task \(task.rawValue)")
        try require(
            balancing != .classWeight || network.modalities.contains(.semseg), "balancing", balancing.rawValue,
            "another one without the modality semseg")
        try require(
            gradNormAlpha >= 0 && gradNormAlpha.isFinite, "gradnorm_alpha", gradNormAlpha, "0 or more")
        try require(
            gradNormLearningRate > 0 && gradNormLearningRate.isFinite, "gradnorm_learning_rate", gradNormLearningRate,
            "above 0")
        let names = network.modalities.map(\.rawValue)
        guard balancing == .fixedWeight else {
            return try require(
                taskWeights == nil, "task_weights", "given", "none without the balancing fixed-weight")
        }
        let given = taskWeights ?? [:]
        try require(
            given.keys.sorted() == names.sorted(), "task_weights", "[\(given.keys.sorted().joined(separator: ", "))]",
            "a number for each of \(names.joined(separator: ", "))")
        for (name, weight) in given.sorted(by: { $0.key < $1.key }) {
            try require(weight >= 0 && weight.isFinite, "task_weights.\(name)", weight, "0 or more")
        }
    }

    /// The tasks' weights at the start of a run.
    func freshTaskWeights() throws -> TaskWeights {
        switch balancing {
        case .none, .classWeight: .equal
        case .fixedWeight: .fixed(network.modalities.map { taskWeights?[$0.rawValue] ?? 1 })
        case .gradnorm:
            .learned(
                try GradNorm(
                    taskCount: network.modalities.count, alpha: gradNormAlpha, learningRate: gradNormLearningRate))
        }
    }
}
