import Foundation
import Tokenizers

/// Records of text in JSONL: one JSON object a line, in any of the common shapes.
public struct TextRecords: Sendable {
    /// What is learnt from a record.
    public enum Record: Sendable, Equatable {
        /// Every token.
        case text(String)
        /// The response's tokens, given the prompt.
        case exchange(prompt: String, response: String)
    }

    public let path: String
    /// With the line of each, counted from 1.
    public let records: [(line: Int, record: Record)]

    /// Reads `text`; `prompt` and `completion`; Alpaca's `instruction`, `input` and `output`; GSM8K's `question` and
    /// `answer`. Empty lines are passed over.
    ///
    /// - Throws: the first line that is none of these, or whose response is empty.
    public init(_ path: String) throws(DatasetError) {
        let data = try readFile(path, expected: "a JSONL file")
        var records: [(line: Int, record: Record)] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { continue }
            records.append((index + 1, try Line(file: path, number: index + 1, data: Data(line)).record()))
        }
        (self.path, self.records) = (path, records)
    }

    /// All characters, for a tokenizer made from them.
    public var scalars: some Sequence<Unicode.Scalar> {
        records.lazy.map { item in
            switch item.record {
            case .text(let text): text
            case .exchange(let prompt, let response): prompt + response
            }
        }.flatMap(\.unicodeScalars)
    }

    /// Numbered examples; a text longer than the context is cut into several, a response is cut off.
    ///
    /// - Throws: the first prompt that leaves the response no room.
    public func dataset(_ tokenizer: any Tokenizer, context: Int) throws -> TextDataset {
        var builder = TextDatasetBuilder(source: path, tokenizer: tokenizer, context: context)
        for (line, record) in records {
            switch record {
            case .text(let text):
                var ids = try tokenizer.encode(text, addingSpecialTokens: true)
                if let end = tokenizer.eosID, ids.last != end { ids.append(end) }
                builder.append(text: ids)
            case .exchange(let prompt, let response):
                do throws(TextDatasetBuilder.Obstacle) {
                    try builder.append(prompt: prompt, response: response)
                } catch {
                    throw failure(error, line: line, context: context)
                }
            }
        }
        return try builder.finish()
    }

    private func failure(_ obstacle: TextDatasetBuilder.Obstacle, line: Int, context: Int) -> DatasetError {
        switch obstacle {
        case .promptTooLong(let tokens):
            .invalidLine(
                file: path, line: line, found: "a prompt of \(tokens) tokens",
                expected: "at most the context's \(context)")
        case .nothingToLearn:
            .invalidLine(file: path, line: line, found: "a response without tokens", expected: "at least one")
        case .tokenizer(let error):
            .invalidLine(file: path, line: line, found: "\(error)", expected: "text that the tokenizer can encode")
        }
    }
}

/// A line of the file, to name it in errors.
private struct Line {
    let file: String
    let number: Int
    let data: Data

    func record() throws(DatasetError) -> TextRecords.Record {
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw failure("something else", "a JSON object")
        }
        if object["text"] != nil { return .text(try text("text", object)) }
        if object["prompt"] != nil || object["completion"] != nil {
            return .exchange(prompt: try string("prompt", object), response: try text("completion", object))
        }
        if object["instruction"] != nil {
            let input = object["input"] == nil ? "" : try string("input", object)
            return .exchange(
                prompt: TextRecords.alpacaPrompt(try text("instruction", object), input),
                response: " " + (try text("output", object)))
        }
        if object["question"] != nil {
            return .exchange(
                prompt: TextRecords.questionPrompt(try text("question", object)),
                response: " " + (try text("answer", object)))
        }
        let keys = object.keys.sorted().joined(separator: ", ")
        throw failure(
            keys.isEmpty ? "no keys" : "the keys \(keys)",
            "text; prompt and completion; instruction and output; or question and answer")
    }

    private func string(_ key: String, _ object: [String: Any]) throws(DatasetError) -> String {
        guard let value = object[key] as? String else {
            throw failure(object[key] == nil ? "no \(key)" : "a \(key) that is no text", "a text under \(key)")
        }
        return value
    }

    private func text(_ key: String, _ object: [String: Any]) throws(DatasetError) -> String {
        let value = try string(key, object)
        guard !value.isEmpty else { throw failure("an empty \(key)", "at least one character") }
        return value
    }

    private func failure(_ found: String, _ expected: String) -> DatasetError {
        .invalidLine(file: file, line: number, found: found, expected: expected)
    }
}

extension TextRecords {
    /// What stands before the answer to a question.
    public static func questionPrompt(_ question: String) -> String { "Question: \(question)\nAnswer:" }

    /// The prompt of Stanford Alpaca (https://github.com/tatsu-lab/stanford_alpaca), on which many models were tuned.
    public static func alpacaPrompt(_ instruction: String, _ input: String = "") -> String {
        let task = "Below is an instruction that describes a task"
        let request = "Write a response that appropriately completes the request."
        return input.isEmpty
            ? "\(task). \(request)\n\n### Instruction:\n\(instruction)\n\n### Response:"
            : "\(task), paired with an input that provides further context. \(request)\n\n"
                + "### Instruction:\n\(instruction)\n\n### Input:\n\(input)\n\n### Response:"
    }
}
