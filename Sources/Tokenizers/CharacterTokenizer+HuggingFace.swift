import Foundation

extension CharacterTokenizer {
    private static let end = "</s>"
    private static let unknown = "<unk>"

    /// Writes `tokenizer.json` and `tokenizer_config.json`, with which Hugging Face's libraries encode and decode alike.
    ///
    /// They know no characters as such: a vocabulary of words, each of one character, comes to the same.
    public func saveForTransformers(to folder: String) throws(TokenizerError) {
        try write(tokenizerJSON, to: "\(folder)/tokenizer.json")
        try write(
            """
            {
              "tokenizer_class": "PreTrainedTokenizerFast",
              "eos_token": "\(Self.end)",
              "pad_token": "\(Self.end)",
              "unk_token": "\(Self.unknown)",
              "clean_up_tokenization_spaces": false
            }

            """, to: "\(folder)/\(TokenizerConfig.fileName)")
    }

    /// Written by hand: the keys of Foundation's objects are strings, of which canonically equivalent ones, such as K and
    /// U+212A, are the same.
    private var tokenizerJSON: String {
        let words = [Self.end, Self.unknown].map { "\"\($0)\"" } + scalars.map(\.inJSON)
        let vocabulary = words.enumerated().map { id, word in "      \(word): \(id)" }.joined(separator: ",\n")
        let properties =
            #""special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false"#
        return #"""
            {
              "version": "1.0",
              "truncation": null,
              "padding": null,
              "added_tokens": [
                {"id": 0, "content": "\#(Self.end)", \#(properties)},
                {"id": 1, "content": "\#(Self.unknown)", \#(properties)}
              ],
              "normalizer": null,
              "pre_tokenizer": {
                "type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated", "invert": false
              },
              "post_processor": null,
              "decoder": {"type": "Fuse"},
              "model": {
                "type": "WordLevel",
                "unk_token": "\#(Self.unknown)",
                "vocab": {
            \#(vocabulary)
                }
              }
            }

            """#
    }

    private func write(_ json: String, to path: String) throws(TokenizerError) {
        try writeFile(Data(json.utf8), to: URL(fileURLWithPath: path))
    }
}

extension Unicode.Scalar {
    /// The scalar as a string in JSON, which leaves only quotation marks, backslashes and control characters to escape.
    fileprivate var inJSON: String {
        let isPlain = value >= 0x20 && self != "\"" && self != "\\"
        return isPlain ? "\"\(self)\"" : String(format: "\"\\u%04x\"", value)
    }
}
