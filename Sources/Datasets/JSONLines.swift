import Foundation

/// One JSON object of a file that holds one a line.
public struct JSONLine {
    public let file: String
    /// Counted from 1.
    public let number: Int
    public let object: [String: Any]

    /// Reads a file, compressed by gzip or not. Empty lines are passed over.
    ///
    /// - Throws: the first line that is no JSON object, or that the file holds none.
    public static func all(in path: String) throws(DatasetError) -> [JSONLine] {
        var data = try readFile(path, expected: "a JSONL file")
        if Gzip.isCompressed(data) { data = try Gzip.decompress(data, file: path) }
        var lines: [JSONLine] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { continue }
            guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
                throw .invalidLine(file: path, line: index + 1, found: "something else", expected: "a JSON object")
            }
            lines.append(JSONLine(file: path, number: index + 1, object: object))
        }
        guard !lines.isEmpty else { throw .empty(source: path) }
        return lines
    }

    /// The text under the first of the keys that is there.
    public func text(_ keys: String...) throws(DatasetError) -> String {
        guard let key = keys.first(where: { object[$0] != nil }) else { throw missing(keys) }
        guard let text = object[key] as? String else {
            throw .invalidLine(file: file, line: number, found: "a \(key) that is no text", expected: "a text")
        }
        return text
    }

    /// The texts under the first of the keys that is there.
    public func texts(_ keys: String...) throws(DatasetError) -> [String] {
        guard let key = keys.first(where: { object[$0] != nil }) else { throw missing(keys) }
        guard let texts = object[key] as? [String] else {
            throw .invalidLine(file: file, line: number, found: "a \(key) that is no list", expected: "a list of texts")
        }
        return texts
    }

    private func missing(_ keys: [String]) -> DatasetError {
        let found = object.keys.sorted().joined(separator: ", ")
        return .invalidLine(
            file: file, line: number, found: found.isEmpty ? "no keys" : "the keys \(found)",
            expected: keys.joined(separator: " or "))
    }
}
