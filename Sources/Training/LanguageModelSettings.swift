import Models
import NN

/// A decoder to train from scratch, or one to fine-tune.
public struct LanguageModelSettings: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable { case llama, gpt2 }

    /// Where the weights come from.
    public enum Origin: Sendable, Equatable {
        /// Fresh ones for a network; its vocabulary is the tokenizer's where it is 0.
        case fresh(LanguageNetwork)
        /// A Hugging Face folder, a llama2.c `.bin` file or a run's folder, whose configuration decides the network.
        case stored(String)
    }

    /// Of which family the model is.
    public var kind: Kind
    public var origin: Origin
    /// Low-rank adapters that are trained instead of the weights of `init_from`; none where absent.
    public var lora: AdapterPolicy?

    public init(_ kind: Kind, _ origin: Origin, lora: AdapterPolicy? = nil) {
        (self.kind, self.origin, self.lora) = (kind, origin, lora)
    }

    /// What a recipe need not say: a small network.
    static func template(_ kind: Kind) -> LanguageModelSettings {
        switch kind {
        case .llama: LanguageModelSettings(kind, .fresh(LlamaKeys().network))
        case .gpt2: LanguageModelSettings(kind, .fresh(GPT2Keys().network))
        }
    }

    private enum CodingKeys: String, CodingKey {
        case kind, lora
        /// A Hugging Face folder, a llama2.c `.bin` file or a run's folder, whose weights and network training starts from; a
        /// fresh network of the settings beside it where absent.
        case initFrom = "init_from"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(Kind.self, forKey: .kind)
        lora = try container.decodeIfPresent(AdapterKeys.self, forKey: .lora)?.policy()
        if let path = try container.decodeIfPresent(String.self, forKey: .initFrom) {
            origin = .stored(path)
        } else {
            switch kind {
            case .llama: origin = .fresh(try LlamaKeys(from: decoder).network)
            case .gpt2: origin = .fresh(try GPT2Keys(from: decoder).network)
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encodeIfPresent(lora.map(AdapterKeys.init), forKey: .lora)
        switch origin {
        case .fresh(.llama(let configuration)): try LlamaKeys(configuration).encode(to: encoder)
        case .fresh(.gpt2(let configuration)): try GPT2Keys(configuration).encode(to: encoder)
        case .stored(let path): try container.encode(path, forKey: .initFrom)
        }
    }

    /// That of a fresh network, or of the stored one where it can be read: what cannot be is reported when it is loaded.
    var width: Int {
        switch origin {
        case .fresh(let network): network.width
        case .stored(let path): (try? StoredLanguageModel(path))?.network.width ?? 1
        }
    }

    func validate() throws(SettingError) {
        guard case .fresh(let network) = origin else { return }
        guard lora == nil else {
            throw SettingError(
                key: "lora", found: "set", expected: "init_from beside it, whose weights stay as they are")
        }
        try network.validate()
    }
}
