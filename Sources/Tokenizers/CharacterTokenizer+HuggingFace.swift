import Foundation

extension CharacterTokenizer {
    private static let end = "</s>"
    private static let unknown = "<unk>"

    /// Writes `tokenizer.json` and `tokenizer_config.json`, with which Hugging Face's libraries encode and decode alike.
    ///
    /// They know no characters as such: a vocabulary of words, each of one character, comes to the same.
    public func saveForTransformers(to folder: String) throws(TokenizerError) {
        try write(tokenizerJSON, to: "\(folder)/tokenizer.json")
        let configuration: [String: Any] = [
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": Self.end, "pad_token": Self.end,
            "unk_token": Self.unknown, "clean_up_tokenization_spaces": false,
        ]
        try write(configuration, to: "\(folder)/tokenizer_config.json")
    }

    private var tokenizerJSON: [String: Any] {
        var vocabulary = [Self.end: 0, Self.unknown: 1]
        for (index, scalar) in scalars.enumerated() { vocabulary[String(scalar)] = index + 2 }
        let special = [Self.end, Self.unknown].enumerated().map { index, content -> [String: Any] in
            [
                "id": index, "content": content, "special": true, "normalized": false, "single_word": false,
                "lstrip": false, "rstrip": false,
            ]
        }
        let split: [String: Any] = [
            "type": "Split", "pattern": ["Regex": "[\\s\\S]"], "behavior": "Isolated", "invert": false,
        ]
        return [
            "version": "1.0", "truncation": NSNull(), "padding": NSNull(), "normalizer": NSNull(),
            "post_processor": NSNull(), "added_tokens": special, "pre_tokenizer": split, "decoder": ["type": "Fuse"],
            "model": ["type": "WordLevel", "vocab": vocabulary, "unk_token": Self.unknown],
        ]
    }

    private func write(_ object: [String: Any], to path: String) throws(TokenizerError) {
        let data: Data
        do {
            data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
        } catch {
            throw .unwritable(file: path, reason: error.localizedDescription)
        }
        try writeFile(data, to: URL(fileURLWithPath: path))
    }
}
