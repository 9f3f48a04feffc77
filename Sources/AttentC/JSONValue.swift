/// A JSON document.
enum JSONValue: Codable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }

    /// The same with the members of `other` in the place of its own, within members that both have as objects too.
    func merged(with other: JSONValue) -> JSONValue {
        guard case .object(var members) = self, case .object(let changes) = other else { return other }
        for (key, change) in changes { members[key] = members[key]?.merged(with: change) ?? change }
        return .object(members)
    }

    /// The first member, in the order of the keys, that `known` lacks, and what it has in that place.
    func unknownMember(to known: JSONValue, path: [String] = []) -> (path: String, known: [String])? {
        guard case .object(let members) = self, case .object(let expected) = known else { return nil }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            let place = path + [key]
            guard let counterpart = expected[key] else {
                return (place.joined(separator: "."), expected.keys.sorted())
            }
            if let found = value.unknownMember(to: counterpart, path: place) { return found }
        }
        return nil
    }
}
