import Foundation

/// Loads whichever tokenizer lies in a model's folder: `tokenizer.model` (SentencePiece), `tokenizer.json`,
/// `vocab.json` + `merges.txt`, `encoder.json` + `vocab.bpe`, or `tokenizer.bin` (llama2.c), looked for in this order.
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
    throw .noTokenizer(
        folder: folder.path,
        expected: "tokenizer.model, tokenizer.json, vocab.json + merges.txt, encoder.json + vocab.bpe, tokenizer.bin")
}
