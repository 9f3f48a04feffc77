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
        let config = file.deletingLastPathComponent().appendingPathComponent(TokenizerConfig.fileName)
        let fromConfig = special == nil ? try TokenizerConfig.specialTokens(in: config, parts) : nil
        try self.init(parts, special: special ?? fromConfig ?? SpecialTokenIDs())
    }
}

extension TokenizerConfig {
    /// The special tokens that `file` names, or nil if there is no such file.
    fileprivate static func specialTokens(
        in file: URL, _ parts: BytePairParts
    ) throws(TokenizerError) -> SpecialTokenIDs? {
        guard let config = try TokenizerConfig(contentsOf: file) else { return nil }
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
