import Foundation

/// Hugging Face's `tokenizer_config.json`, as far as it says which tokens there are beside a vocabulary and what they are
/// for.
struct TokenizerConfig: Decodable {
    /// A token by its text alone or with its properties.
    struct Token: Decodable {
        private let properties: AddedTokenProperties

        var content: String { properties.content }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let content = try? container.decode(String.self) {
                properties = AddedTokenProperties(content: content)
            } else {
                properties = try container.decode(AddedTokenProperties.self)
            }
        }

        func added(id: Int32) -> AddedToken { properties.token(id: id) }
    }

    enum CodingKeys: String, CodingKey {
        case legacy
        case bosToken = "bos_token"
        case eosToken = "eos_token"
        case padToken = "pad_token"
        case unkToken = "unk_token"
        case additionalSpecialTokens = "additional_special_tokens"
        case addedTokensDecoder = "added_tokens_decoder"
        case addBOSToken = "add_bos_token"
        case addEOSToken = "add_eos_token"
    }

    static let fileName = "tokenizer_config.json"

    let bosToken: Token?
    let eosToken: Token?
    let padToken: Token?
    let unkToken: Token?
    let additionalSpecialTokens: [Token]?
    /// The added tokens by id.
    let addedTokensDecoder: [Int: Token]?
    let addBOSToken: Bool?
    let addEOSToken: Bool?
    let legacy: Bool?

    /// The tokens with a part to play, each with the key that names it.
    var namedTokens: [(key: CodingKeys, token: Token)] {
        let single: [(CodingKeys, Token?)] = [
            (.bosToken, bosToken), (.eosToken, eosToken), (.padToken, padToken), (.unkToken, unkToken),
        ]
        var named: [(key: CodingKeys, token: Token)] = []
        for (key, token) in single {
            if let token { named.append((key, token)) }
        }
        for token in additionalSpecialTokens ?? [] { named.append((.additionalSpecialTokens, token)) }
        return named
    }
}

extension TokenizerConfig {
    /// Reads `file`, or is nil if there is none.
    init?(contentsOf file: URL) throws(TokenizerError) {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        self = try decodeJSON(TokenizerConfig.self, from: readFile(file), file: file.path)
    }
}
