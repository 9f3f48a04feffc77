import Teaching

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Policy {
    /// Reads a preset's name, or a JSON object with the keys of a recipe's section `teacher`, whose `policy` names the
    /// preset that fills the gaps.
    ///
    /// - Throws: ``TeachingError`` and ``BindingError/malformedPolicy(reason:)``.
    init(text: String) throws {
        guard text.contains("{") else {
            try self.init(preset: text)
            return
        }
        guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)),
            case .object(var settings) = document
        else {
            throw BindingError.malformedPolicy(reason: "is not a JSON object")
        }
        var preset = Policy.standard
        switch settings.removeValue(forKey: "policy") {
        case nil: break
        case .string(let name)?: preset = try Policy(preset: name)
        default: throw BindingError.malformedPolicy(reason: "has something else than a name as policy")
        }
        let encoded = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(preset))
        self = try Policy.decode(encoded.merged(with: .object(settings)))
        let known = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(self))
        if let unknown = JSONValue.object(settings).unknownMember(to: known) {
            throw BindingError.malformedPolicy(
                reason: "has the unknown key \(unknown.path); known here: \(unknown.known.joined(separator: ", "))")
        }
    }

    /// All settings as a JSON object, its keys sorted.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private static func decode(_ settings: JSONValue) throws -> Policy {
        do {
            return try JSONDecoder().decode(Policy.self, from: JSONEncoder().encode(settings))
        } catch let error as DecodingError {
            throw BindingError.malformedPolicy(reason: reason(error))
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error {
        case .keyNotFound(let key, let context): return "lacks the key \(place(context.codingPath + [key]))"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "has something else than a \(type) as \(place(context.codingPath))"
        case .dataCorrupted(let context):
            return "has an unknown value as \(place(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "cannot be read: \(error)"
        }
    }
}
