import Foundation
import Tokenizers

/// Records of text in JSON: an object a line, or an array of objects, in any of the common shapes.
public struct TextRecords: Sendable {
    public let path: String
    public let records: [(place: Place, record: Record)]

    /// Reads `text`; `prompt` and `completion`; Alpaca's `instruction`, `input` and `output`; `messages`, a list of `role`
    /// and `content`; GSM8K's `question` and `answer`. Whether a file is an array or holds lines shows in its first
    /// character; empty lines are passed over.
    ///
    /// - Parameter template: what instructions and messages are put into.
    /// - Throws: the first line or record that is none of these, or whose response is empty.
    public init(_ path: String, template: PromptTemplate = .alpaca) throws(DatasetError) {
        let data = try readFile(path, expected: "JSON records")
        let isArray = data.first { !Self.whitespace.contains($0) } == UInt8(ascii: "[")
        records = try isArray ? Self.array(path, data, template) : Self.lines(path, data, template)
        self.path = path
    }

    private static let whitespace = Set(" \t\r\n".utf8)

    private static func lines(
        _ path: String, _ data: Data, _ template: PromptTemplate
    ) throws(DatasetError) -> [(place: Place, record: Record)] {
        var records: [(place: Place, record: Record)] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(whitespace.contains) {
            let parser = TextRecordParser(file: path, place: .line(index + 1), template: template)
            let value = try? JSONSerialization.jsonObject(with: Data(line), options: .fragmentsAllowed)
            records.append((parser.place, try parser.record(value)))
        }
        return records
    }

    private static func array(
        _ path: String, _ data: Data, _ template: PromptTemplate
    ) throws(DatasetError) -> [(place: Place, record: Record)] {
        let values: [Any]
        do { values = try JSONSerialization.jsonObject(with: data) as? [Any] ?? [] } catch {
            let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            throw .corrupt(file: path, format: "JSON array", reason: reason ?? error.localizedDescription)
        }
        var records: [(place: Place, record: Record)] = []
        for (index, value) in values.enumerated() {
            let parser = TextRecordParser(file: path, place: .index(index), template: template)
            records.append((parser.place, try parser.record(value)))
        }
        return records
    }

    /// Everything that each record holds, given and learnt.
    public var texts: [String] { records.map(\.record.text) }

    /// All characters, for a tokenizer made from them.
    public var scalars: some Sequence<Unicode.Scalar> { records.lazy.map(\.record.text).flatMap(\.unicodeScalars) }

    /// Numbered examples; a text longer than the context is cut into several, a conversation is cut off.
    ///
    /// - Throws: the first prompt that leaves the response no room.
    public func dataset(_ tokenizer: any Tokenizer, context: Int) throws -> TextDataset {
        var builder = TextDatasetBuilder(source: path, tokenizer: tokenizer, context: context)
        for (place, record) in records {
            switch record {
            case .text(let text):
                var ids = try tokenizer.encode(text, addingSpecialTokens: true)
                if let end = tokenizer.eosID, ids.last != end { ids.append(end) }
                builder.append(text: ids)
            case .conversation(let exchanges):
                do throws(TextDatasetBuilder.Obstacle) { try builder.append(exchanges) } catch {
                    throw failure(error, place: place, context: context)
                }
            }
        }
        return try builder.finish()
    }

    private func failure(_ obstacle: TextDatasetBuilder.Obstacle, place: Place, context: Int) -> DatasetError {
        let parser = TextRecordParser(file: path, place: place, template: .alpaca)
        return switch obstacle {
        case .promptTooLong(let tokens):
            parser.failure("a prompt of \(tokens) tokens", "at most the context's \(context)")
        case .nothingToLearn: parser.failure("a response without tokens", "at least one")
        case .tokenizer(let error): parser.failure("\(error)", "text that the tokenizer can encode")
        }
    }
}
