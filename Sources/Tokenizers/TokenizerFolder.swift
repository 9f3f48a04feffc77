import Foundation

/// Loads whichever tokenizer lies in a model's folder: `tokenizer.model` (SentencePiece), `tokenizer.json`,
/// `vocab.json` + `merges.txt`, `encoder.json` + `vocab.bpe`, `tokenizer.bin` (llama2.c) or `characters.json`, looked for in
/// this order.
///
/// `tokenizer.model` comes first because a Llama 2 folder often has a `tokenizer.json` made from it as well.
public func loadTokenizer(from folder: URL) throws(TokenizerError) -> any Tokenizer {
    func file(_ name: String) -> URL? {
        let url = folder.appendingPathComponent(name)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }
    if let model = file("tokenizer.model") { return try SentencePieceTokenizer(contentsOf: model) }
    if let json = file("tokenizer.json") { return try BytePairTokenizer(contentsOf: json) }
    if let vocabulary = file("vocab.json"), let merges = file("merges.txt") {
        return try BytePairTokenizer(encoder: vocabulary, merges: merges)
    }
    if let encoder = file("encoder.json"), let merges = file("vocab.bpe") {
        return try BytePairTokenizer(encoder: encoder, merges: merges)
    }
    if let binary = file("tokenizer.bin") { return try Llama2CTokenizer(contentsOf: binary) }
    if let characters = file(CharacterTokenizer.fileName) { return try CharacterTokenizer(contentsOf: characters) }
    throw .noTokenizer(
        folder: folder.path,
        expected: "tokenizer.model, tokenizer.json, vocab.json + merges.txt, encoder.json + vocab.bpe, tokenizer.bin, "
            + CharacterTokenizer.fileName)
}

/// Loads the tokenizer in a folder, or the one that a file holds: `.model` (SentencePiece), `.bin` (llama2.c), `.json`.
public func loadTokenizer(at path: String) throws(TokenizerError) -> any Tokenizer {
    let url = URL(fileURLWithPath: path)
    return switch url.pathExtension {
    case "model": try SentencePieceTokenizer(contentsOf: url)
    case "bin": try Llama2CTokenizer(contentsOf: url)
    case "json" where url.lastPathComponent == CharacterTokenizer.fileName: try CharacterTokenizer(contentsOf: url)
    case "json": try BytePairTokenizer(contentsOf: url)
    default: try loadTokenizer(from: url)
    }
}
