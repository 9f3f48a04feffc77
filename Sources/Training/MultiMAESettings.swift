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
    public var task = Task.reconstruction
    /// The run whose encoder fine-tuning starts from; fresh weights where absent.
    public var initFrom: String?

    public init(_ network: MultiMAE.Configuration = .init()) { self.network = network }

    private enum CodingKeys: String, CodingKey {
        case task
        case initFrom = "init_from"
    }

    public init(from decoder: any Decoder) throws {
        network = try MultiMAE.Configuration(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        task = try container.decode(Task.self, forKey: .task)
        initFrom = try container.decodeIfPresent(String.self, forKey: .initFrom)
    }

    public func encode(to encoder: any Encoder) throws {
        try network.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task, forKey: .task)
        try container.encodeIfPresent(initFrom, forKey: .initFrom)
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
    }
}
