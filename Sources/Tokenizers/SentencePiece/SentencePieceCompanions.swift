import Foundation

/// What Hugging Face's libraries keep beside a `tokenizer.model`: tokens added to its pieces, and which tokens are special
/// and frame a text.
///
/// The added tokens are those of `tokenizer_config.json`, where it has any, or else of `added_tokens.json`.
struct SentencePieceCompanions {
    private static let addedTokensFile = "added_tokens.json"

    /// The tokens that are looked for in a text, pieces of the model among them.
    private(set) var addedTokens: [AddedToken] = []
    private(set) var special = SpecialTokenIDs()
    private(set) var addsBOS: Bool?
    private(set) var addsEOS: Bool?
    /// Whether each stretch of text between added tokens gets a space in front, not the first alone. It is what transformers'
    /// LlamaTokenizer does unless its file says `"legacy": false`.
    private(set) var isLegacy = true

    /// Reads the files that are in `folder`, none of which has to be.
    init(in folder: URL?, _ layout: SentencePieceModelLayout) throws(TokenizerError) {
        guard let folder else { return }
        let file = folder.appendingPathComponent(TokenizerConfig.fileName)
        let config = try TokenizerConfig(contentsOf: file)
        if let decoder = config?.addedTokensDecoder {
            try add(decoder.map { id, token in token.added(id: Int32(clamping: id)) }, from: file, layout)
        } else {
            let list = folder.appendingPathComponent(Self.addedTokensFile)
            try add(Self.tokens(listedIn: list), from: list, layout)
        }
        guard let config else { return }
        addsBOS = config.addBOSToken
        addsEOS = config.addEOSToken
        isLegacy = config.legacy ?? true
        for (key, token) in config.namedTokens {
            guard let id = self.id(of: token.content, layout) else {
                throw .malformed(
                    file: file.path, location: key.stringValue, found: token.content.debugDescription,
                    expected: "a piece of the model or an added token")
            }
            setSpecial(token, id: id, key)
        }
    }

    private static func tokens(listedIn file: URL) throws(TokenizerError) -> [AddedToken] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        let ids = try decodeJSON([String: Int32].self, from: readFile(file), file: file.path)
        return ids.map { content, id in AddedToken(id: id, content: content) }
    }

    /// Adds `tokens`, each of which is a piece of the model under its own id or has the next id behind them.
    private mutating func add(
        _ tokens: [AddedToken], from file: URL, _ layout: SentencePieceModelLayout
    ) throws(TokenizerError) {
        addedTokens = tokens.sorted { $0.id < $1.id }
        var next = layout.pieceCount
        for token in addedTokens {
            func malformed(_ expected: String) -> TokenizerError {
                .malformed(
                    file: file.path, location: token.content.debugDescription, found: "id \(token.id)",
                    expected: expected)
            }
            guard !token.content.isEmpty else { throw malformed("no token without text") }
            if let piece = layout.spelling(of: token.id) {
                guard piece.elementsEqual(token.content.utf8) else {
                    let spelling = String(decoding: piece, as: UTF8.self).debugDescription
                    throw malformed("another, as it is that of the model's piece \(spelling)")
                }
            } else {
                guard Int(token.id) == next else {
                    throw malformed("id \(next), the first that neither the model nor another token has")
                }
                next += 1
            }
        }
    }

    private func id(of content: String, _ layout: SentencePieceModelLayout) -> Int32? {
        // Comparing bytes, as == takes canonically equivalent strings for equal.
        let added = addedTokens.first { $0.content.utf8.elementsEqual(content.utf8) }
        return added?.id ?? layout.id(of: content)
    }

    private mutating func setSpecial(_ token: TokenizerConfig.Token, id: Int32, _ key: TokenizerConfig.CodingKeys) {
        switch key {
        case .bosToken: special.bos = id
        case .eosToken: special.eos = id
        case .padToken: special.pad = id
        default: break
        }
        if !addedTokens.contains(where: { $0.id == id }) { addedTokens.append(token.added(id: id)) }
        for index in addedTokens.indices where addedTokens[index].id == id { addedTokens[index].isSpecial = true }
    }
}

extension SentencePieceCompanions {
    var specialIDs: Set<Int32> {
        Set(addedTokens.lazy.filter(\.isSpecial).map(\.id))
    }

    /// What each token that is not special decodes to; in a piece of the model U+2581 stands for a space.
    func texts(_ layout: SentencePieceModelLayout) -> [Int32: String] {
        var texts: [Int32: String] = [:]
        for token in addedTokens where !token.isSpecial {
            texts[token.id] =
                layout.spelling(of: token.id).map { String(decoding: $0.replacingSpaceMarkers, as: UTF8.self) }
                ?? token.content
        }
        return texts
    }
}
