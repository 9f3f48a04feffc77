import Foundation

extension BytePairTokenizer {
    /// Reads a Hugging Face `tokenizer.json`.
    ///
    /// - Parameter special: The ids that begin, end and fill up a sequence; nil takes those which a
    ///   `tokenizer_config.json` in the same folder names.
    /// - Throws: `TokenizerError.unsupported` for a component other than byte-level BPE uses, naming its JSON path.
    public convenience init(contentsOf file: URL, special: SpecialTokenIDs? = nil) throws(TokenizerError) {
        let builder = TokenizerFileBuilder(file: file.path)
        let parts = try builder.parts(of: try readFile(file))
        let config = file.deletingLastPathComponent().appendingPathComponent("tokenizer_config.json")
        let fromConfig = special == nil ? try TokenizerConfig.specialTokens(in: config, parts) : nil
        try self.init(parts, special: special ?? fromConfig ?? SpecialTokenIDs())
    }
}

/// `tokenizer_config.json`, as far as it names special tokens.
private struct TokenizerConfig: Decodable {
    /// A token by its text alone or with its properties.
    struct Token: Decodable {
        private struct Properties: Decodable {
            let content: String
        }

        let content: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let plain = try? container.decode(String.self)
            content = try plain ?? container.decode(Properties.self).content
        }
    }

    let bosToken: Token?
    let eosToken: Token?
    let padToken: Token?

    enum CodingKeys: String, CodingKey {
        case bosToken = "bos_token"
        case eosToken = "eos_token"
        case padToken = "pad_token"
    }

    /// The special tokens that `file` names, or nil if there is no such file.
    static func specialTokens(in file: URL, _ parts: BytePairParts) throws(TokenizerError) -> SpecialTokenIDs? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let config = try decodeJSON(TokenizerConfig.self, from: try readFile(file), file: file.path)
        func id(_ token: Token?, _ key: String) throws(TokenizerError) -> Int32? {
            guard let content = token?.content else { return nil }
            if let added = parts.addedTokens.first(where: { $0.content == content }) { return added.id }
            if let id = parts.vocabulary[content] { return Int32(clamping: id) }
            throw .malformed(
                file: file.path, location: key, found: content.debugDescription, expected: "a token of \(parts.file)")
        }
        return SpecialTokenIDs(
            bos: try id(config.bosToken, "bos_token"), eos: try id(config.eosToken, "eos_token"),
            pad: try id(config.padToken, "pad_token"))
    }
}
