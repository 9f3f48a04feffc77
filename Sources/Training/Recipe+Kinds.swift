import Models

/// What is learnt from, told apart by its `kind`.
public enum DataSettings: Codable, Sendable, Equatable {
    case images(ImageData)
    case scenes(SceneData)
    case multimodal(MultimodalData)
    case text(TextData)
    case wordProblems(WordProblemData)

    private enum CodingKeys: String, CodingKey { case kind }

    public init(from decoder: any Decoder) throws {
        let kind = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .kind)
        self =
            switch kind {
            case SceneData.Kind.scenes.rawValue: .scenes(try SceneData(from: decoder))
            case MultimodalData.Kind.multimodal.rawValue: .multimodal(try MultimodalData(from: decoder))
            case _ where TextData.Kind(rawValue: kind) != nil: .text(try TextData(from: decoder))
            case WordProblemData.Kind.wordProblems.rawValue: .wordProblems(try WordProblemData(from: decoder))
            case _ where ImageData.Kind(rawValue: kind) != nil: .images(try ImageData(from: decoder))
            default:
                throw SettingError(key: "kind", found: kind, expected: "one of \(Self.kinds.joined(separator: ", "))")
            }
    }

    private static let kinds =
        ImageData.Kind.allCases.map(\.rawValue)
        + [SceneData.Kind.scenes.rawValue, MultimodalData.Kind.multimodal.rawValue]
        + TextData.Kind.allCases.map(\.rawValue) + [WordProblemData.Kind.wordProblems.rawValue]

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .images(let data): try data.encode(to: encoder)
        case .scenes(let data): try data.encode(to: encoder)
        case .multimodal(let data): try data.encode(to: encoder)
        case .text(let data): try data.encode(to: encoder)
        case .wordProblems(let data): try data.encode(to: encoder)
        }
    }

    /// Which of them, as on disk.
    var kind: String {
        switch self {
        case .images(let data): data.kind.rawValue
        case .scenes(let data): data.kind.rawValue
        case .multimodal(let data): data.kind.rawValue
        case .text(let data): data.kind.rawValue
        case .wordProblems(let data): data.kind.rawValue
        }
    }

    func validate() throws(SettingError) {
        switch self {
        case .images(let data): try data.validate()
        case .scenes(let data): try data.validate()
        case .multimodal(let data): try data.validate()
        case .text(let data): try data.validate()
        case .wordProblems(let data): try data.validate()
        }
    }
}

/// What learns, told apart by its `kind`.
public enum ModelSettings: Codable, Sendable, Equatable {
    case vit(ViT.Configuration)
    case multimae(MultiMAESettings)
    case language(LanguageModelSettings)

    enum Kind: String, Codable, CaseIterable { case vit, multimae, llama, gpt2 }
    private enum CodingKeys: String, CodingKey { case kind }

    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
        case .vit: self = .vit(try ViT.Configuration(from: decoder))
        case .multimae: self = .multimae(try MultiMAESettings(from: decoder))
        case .llama, .gpt2: self = .language(try LanguageModelSettings(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .vit(let configuration): try configuration.encode(to: encoder)
        case .multimae(let settings): try settings.encode(to: encoder)
        case .language(let settings): try settings.encode(to: encoder)
        }
    }

    /// Of which family the model is.
    var kind: Kind {
        switch self {
        case .vit: .vit
        case .multimae: .multimae
        case .language(let settings): settings.kind == .llama ? .llama : .gpt2
        }
    }

    /// The model's width, by which the fastest precision is judged.
    var width: Int {
        switch self {
        case .vit(let configuration): configuration.hiddenSize
        case .multimae(let settings): settings.network.hiddenSize
        case .language(let settings): settings.width
        }
    }

    /// Whether what is learnt is one class an image, given in colours and depth alone.
    var classifiesImages: Bool {
        switch self {
        case .vit: true
        case .multimae(let settings):
            settings.task == .classification && !settings.network.modalities.contains(.semseg)
        case .language: false
        }
    }

    /// Whether what is learnt are classes, of images or of pixels.
    var predictsClasses: Bool {
        switch self {
        case .vit: true
        case .multimae(let settings): settings.task == .classification || settings.task == .segmentation
        case .language: false
        }
    }

    func validate() throws(SettingError) {
        switch self {
        case .vit(let configuration): try configuration.validate()
        case .multimae(let settings): try settings.validate()
        case .language(let settings): try settings.validate()
        }
    }
}
