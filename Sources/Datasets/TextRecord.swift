import Foundation

extension TextRecords {
    /// What is learnt from a record.
    public enum Record: Sendable, Equatable {
        /// Every token.
        case text(String)
        /// The responses' tokens, each given all that comes before it.
        case conversation([Exchange])

        /// A conversation of one exchange.
        public static func exchange(prompt: String, response: String) -> Record {
            .conversation([Exchange(prompt: prompt, response: response)])
        }

        /// Everything that is read, given and learnt.
        var text: String {
            switch self {
            case .text(let text): text
            case .conversation(let exchanges): exchanges.map { $0.prompt + $0.response }.joined()
            }
        }
    }

    /// What is given, and what should follow.
    public struct Exchange: Sendable, Equatable {
        public var prompt: String
        public var response: String

        public init(prompt: String, response: String) { (self.prompt, self.response) = (prompt, response) }
    }

    /// Where a record stands, for errors.
    public enum Place: Sendable, Equatable {
        /// Counted from 1.
        case line(Int)
        /// Of an array, counted from 0.
        case index(Int)
    }
}

/// Reads one record, in any of the common shapes.
struct TextRecordParser {
    let file: String
    let place: TextRecords.Place
    let template: PromptTemplate

    func record(_ value: Any?) throws(DatasetError) -> TextRecords.Record {
        guard let object = value as? [String: Any] else { throw failure("something else", "a JSON object") }
        if object["text"] != nil { return .text(try text("text", object)) }
        if object["messages"] != nil { return .conversation(template.exchanges(try messages(object))) }
        if object["prompt"] != nil || object["completion"] != nil {
            return .exchange(prompt: try string("prompt", object), response: try text("completion", object))
        }
        if object["instruction"] != nil {
            let input = object["input"] == nil ? "" : try string("input", object)
            let prompt = template.prompt(instruction: try text("instruction", object), input: input)
            return .exchange(prompt: prompt, response: template.response(try text("output", object)))
        }
        if object["question"] != nil {
            return .exchange(
                prompt: PromptTemplate.prompt(question: try text("question", object)),
                response: " " + (try text("answer", object)))
        }
        let keys = object.keys.sorted().joined(separator: ", ")
        throw failure(
            keys.isEmpty ? "no keys" : "the keys \(keys)",
            "text; prompt and completion; instruction and output; messages; or question and answer")
    }

    /// A conversation that the assistant ends.
    private func messages(_ object: [String: Any]) throws(DatasetError) -> [PromptTemplate.Message] {
        guard let list = object["messages"] as? [Any] else { throw failure("messages that are no list", "a list") }
        var messages: [PromptTemplate.Message] = []
        for (index, value) in list.enumerated() {
            guard let message = value as? [String: Any] else {
                throw failure("something else in messages[\(index)]", "an object with a role and a content")
            }
            let name = try string("role", message)
            guard let role = PromptTemplate.Role(rawValue: name), role != .system || index == 0 else {
                throw failure("the role \(name) in messages[\(index)]", "system at the start, then user or assistant")
            }
            messages.append(.init(role: role, content: try text("content", message)))
        }
        guard messages.last?.role == .assistant else {
            throw failure(
                messages.last.map { "messages that the \($0.role.rawValue) ends" } ?? "no messages",
                "some that the assistant ends")
        }
        return messages
    }

    private func string(_ key: String, _ object: [String: Any]) throws(DatasetError) -> String {
        guard let value = object[key] as? String else {
            throw failure(object[key] == nil ? "no \(key)" : "a \(key) that is no text", "a text under \(key)")
        }
        return value
    }

    private func text(_ key: String, _ object: [String: Any]) throws(DatasetError) -> String {
        let value = try string(key, object)
        guard !value.allSatisfy(\.isWhitespace) else { throw failure("an empty \(key)", "at least one character") }
        return value
    }

    func failure(_ found: String, _ expected: String) -> DatasetError {
        switch place {
        case .line(let line): .invalidLine(file: file, line: line, found: found, expected: expected)
        case .index(let index): .invalidRecord(file: file, index: index, found: found, expected: expected)
        }
    }
}
