import Foundation

extension BytePairTokenizer {
    /// The token that ends a document in GPT-2's vocabulary, and begins one too.
    private static let endOfText = "<|endoftext|>"

    /// Reads the two files GPT-2 was published with: `encoder.json` (token → id) and `vocab.bpe` (one merge a line).
    /// Hugging Face calls them `vocab.json` and `merges.txt`.
    ///
    /// `<|endoftext|>`, where the vocabulary has it, is a special token, BOS and EOS.
    public convenience init(encoder: URL, merges: URL) throws(TokenizerError) {
        let vocabulary = try decodeJSON([String: Int].self, from: try readFile(encoder), file: encoder.path)
        let end = vocabulary[Self.endOfText].map(Int32.init(clamping:))
        let builder = PreTokenizerBuilder(builder: TokenizerFileBuilder(file: encoder.path))
        let lines = try Self.mergeLines(merges)
        let parts = BytePairParts(
            file: encoder.path, vocabularyPath: "the vocabulary", vocabulary: vocabulary, merges: lines.map(\.merge),
            mergesFile: merges.path, mergeLocation: { "line \(lines[$0].line)" },
            addedTokens: end.map { [AddedToken(id: $0, content: Self.endOfText, isSpecial: true)] } ?? [],
            preTokenizer: try builder.gpt2())
        try self.init(parts, special: SpecialTokenIDs(bos: end, eos: end))
    }

    private static func mergeLines(
        _ file: URL
    ) throws(TokenizerError) -> [(line: Int, merge: (left: String, right: String))] {
        guard let text = String(data: try readFile(file), encoding: .utf8) else {
            throw .malformed(
                file: file.path, location: "the file", found: "bytes that are not UTF-8", expected: "UTF-8")
        }
        var merges: [(line: Int, merge: (left: String, right: String))] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.isEmpty && !(index == 0 && line.hasPrefix("#version")) {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw .malformed(
                    file: file.path, location: "line \(index + 1)", found: String(line).debugDescription,
                    expected: "two tokens with one space between them")
            }
            merges.append((index + 1, (String(parts[0]), String(parts[1]))))
        }
        return merges
    }
}
