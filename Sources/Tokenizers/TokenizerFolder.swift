import Foundation

/// Loads whichever tokenizer lies in a model's folder: `characters.json`, `tokenizer.model` (SentencePiece),
/// `tokenizer.json`, `vocab.json` + `merges.txt`, `encoder.json` + `vocab.bpe` or `tokenizer.bin` (llama2.c), looked for in
/// this order.
///
/// The first two come before `tokenizer.json` because one made from them often lies there as well. `tokenizer.model` and
/// `tokenizer.json` go by what Hugging Face's libraries keep beside them.
public func loadTokenizer(from folder: URL) throws(TokenizerError) -> any Tokenizer {
    func file(_ name: String) -> URL? {
        let url = folder.appendingPathComponent(name)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }
    if let characters = file(CharacterTokenizer.fileName) { return try CharacterTokenizer(contentsOf: characters) }
    if let model = file("tokenizer.model") { return try SentencePieceTokenizer(contentsOf: model) }
    if let json = file("tokenizer.json") { return try BytePairTokenizer(contentsOf: json) }
    if let vocabulary = file("vocab.json"), let merges = file("merges.txt") {
        return try BytePairTokenizer(encoder: vocabulary, merges: merges)
    }
    if let encoder = file("encoder.json"), let merges = file("vocab.bpe") {
        return try BytePairTokenizer(encoder: encoder, merges: merges)
    }
    if let binary = file("tokenizer.bin") { return try Llama2CTokenizer(contentsOf: binary) }
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

/// What a tokenizer's folder may hold, of which one suffices or two do together.
private let tokenizerFiles = [
    "tokenizer.model", "tokenizer.json", "vocab.json", "merges.txt", "encoder.json", "vocab.bpe", "tokenizer.bin",
    CharacterTokenizer.fileName,
]

/// What Hugging Face's libraries keep beside those.
private let companionFiles = [
    "added_tokens.json", "chat_template.jinja", "special_tokens_map.json", "tokenizer_config.json",
]

/// Whether a path is that of a folder with a tokenizer of a known layout, or of a tokenizer's file.
public func holdsTokenizer(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return false }
    return !isFolder.boolValue
        || tokenizerFiles.contains { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
}

/// Copies the files of the tokenizer that `loadTokenizer(at:)` would load, under the names that it looks for.
///
/// - Throws: ``TokenizerError`` where there is none.
public func copyTokenizer(at path: String, to folder: String) throws(TokenizerError) {
    let source = URL(fileURLWithPath: path)
    let name = source.lastPathComponent
    let single: String? =
        switch source.pathExtension {
        case "model": "tokenizer.model"
        case "bin": "tokenizer.bin"
        case "json": name == CharacterTokenizer.fileName ? name : "tokenizer.json"
        default: nil
        }
    if let single {
        try copy(path, to: "\(folder)/\(single)")
        guard ["tokenizer.model", "tokenizer.json"].contains(single) else { return }
        return try copy(companionFiles, from: source.deletingLastPathComponent().path, to: folder)
    }
    guard holdsTokenizer(path) else {
        throw .noTokenizer(folder: path, expected: tokenizerFiles.joined(separator: ", "))
    }
    try copy(tokenizerFiles + companionFiles, from: path, to: folder)
}

private func copy(_ names: [String], from source: String, to folder: String) throws(TokenizerError) {
    for name in names where FileManager.default.fileExists(atPath: "\(source)/\(name)") {
        try copy("\(source)/\(name)", to: "\(folder)/\(name)")
    }
}

private func copy(_ source: String, to destination: String) throws(TokenizerError) {
    try writeFile(readFile(URL(fileURLWithPath: source)), to: URL(fileURLWithPath: destination))
}
