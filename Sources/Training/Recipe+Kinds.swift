import Models

/// What is learnt from, told apart by its `kind`.
public enum DataSettings: Codable, Sendable, Equatable {
    case images(ImageData)

    public init(from decoder: any Decoder) throws { self = .images(try ImageData(from: decoder)) }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .images(let data): try data.encode(to: encoder)
        }
    }

    func validate() throws(SettingError) {
        switch self {
        case .images(let data): try data.validate()
        }
    }
}

/// What learns, told apart by its `kind`.
public enum ModelSettings: Codable, Sendable, Equatable {
    case vit(ViT.Configuration)

    private enum Kind: String, Codable { case vit }
    private enum CodingKeys: String, CodingKey { case kind }

    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
        case .vit: self = .vit(try ViT.Configuration(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .vit(let configuration):
            try container.encode(Kind.vit, forKey: .kind)
            try configuration.encode(to: encoder)
        }
    }

    /// The model's width, by which the fastest precision is judged.
    var width: Int {
        switch self {
        case .vit(let configuration): configuration.hiddenSize
        }
    }

    func validate() throws(SettingError) {
        switch self {
        case .vit(let configuration): try configuration.validate()
        }
    }
}
