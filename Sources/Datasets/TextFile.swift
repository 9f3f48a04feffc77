import Foundation
import Tokenizers

/// A text in one file.
public struct TextFile: Sendable {
    public let path: String
    public let text: String

    /// - Throws: `missing`, `unreadable`, or `corrupt` where it is not UTF-8.
    public init(_ path: String) throws(DatasetError) {
        let data = try readFile(path, expected: "a text file")
        guard let text = String(data: data, encoding: .utf8) else {
            throw .corrupt(file: path, format: "text file", reason: "it is not UTF-8")
        }
        (self.path, self.text) = (path, text)
    }

    /// Blocks of `context` tokens.
    public func blocks(_ tokenizer: any Tokenizer, context: Int) throws -> TextDataset {
        try blocks(tokenizer.encode(text, addingSpecialTokens: false)[...], path, tokenizer, context)
    }

    /// Blocks of `context` tokens; the end of the text is held out.
    ///
    /// - Parameter testShare: share of the tokens at the end that are held out.
    public func blocks(
        _ tokenizer: any Tokenizer, context: Int, testShare: Double
    ) throws -> (training: TextDataset, validation: TextDataset) {
        let ids = try tokenizer.encode(text, addingSpecialTokens: false)
        let border = ids.count - Int((testShare * Double(ids.count)).rounded())
        return (
            try blocks(ids[..<border], "\(path) (training part)", tokenizer, context),
            try blocks(ids[border...], "\(path) (held-out part)", tokenizer, context)
        )
    }

    private func blocks(
        _ ids: ArraySlice<Int32>, _ source: String, _ tokenizer: any Tokenizer, _ context: Int
    ) throws(DatasetError) -> TextDataset {
        var builder = TextDatasetBuilder(source: source, tokenizer: tokenizer, context: context)
        builder.append(text: ids)
        return try builder.finish()
    }
}
