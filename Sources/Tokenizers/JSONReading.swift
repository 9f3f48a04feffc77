import Foundation

/// Decodes the JSON in `data`, a fault named by its place in `file`.
func decodeJSON<Value: Decodable>(_ type: Value.Type, from data: Data, file: String) throws(TokenizerError) -> Value {
    do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
        throw malformed(error, file: file)
    } catch {
        throw .malformed(file: file, location: "the file", found: "\(error)", expected: "JSON")
    }
}

private func malformed(_ error: DecodingError, file: String) -> TokenizerError {
    switch error {
    case .typeMismatch(_, let context), .dataCorrupted(let context):
        let location = jsonPath(context.codingPath)
        guard location.isEmpty else {
            return .malformed(
                file: file, location: location, found: "something else (\(context.debugDescription.trimmedStop))",
                expected: "the value this key has in a tokenizer")
        }
        return .malformed(
            file: file, location: "the file", found: "broken JSON", expected: "one whole JSON object")
    case .valueNotFound(_, let context):
        return .malformed(
            file: file, location: jsonPath(context.codingPath), found: "null", expected: "a value")
    case .keyNotFound(let key, let context):
        return .malformed(
            file: file, location: jsonPath(context.codingPath + [key]), found: "no such key", expected: "a value")
    @unknown default:
        return .malformed(file: file, location: "the file", found: "\(error)", expected: "JSON")
    }
}

private func jsonPath(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
        path += key.intValue.map { "[\($0)]" } ?? (path.isEmpty ? key.stringValue : ".\(key.stringValue)")
    }
}

extension String {
    fileprivate var trimmedStop: String {
        hasSuffix(".") ? String(dropLast()) : self
    }
}
