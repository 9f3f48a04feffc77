import Foundation
import Training

/// A key of `metrics.jsonl` as a coding key: any string is one.
struct MetricsKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init(_ name: String) { stringValue = name }
    init?(intValue: Int) { nil }
}

typealias MetricsContainer = KeyedDecodingContainer<MetricsKey>

/// What a field of `metrics.jsonl` can hold. A number that JSON cannot express is null, and null reads as not-a-number.
protocol MetricsValue: Sendable {
    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> Self
    var json: String { get }
}

extension MetricsValue where Self: Decodable {
    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> Self {
        try container.decode(Self.self, forKey: key)
    }
}

extension Int: MetricsValue { var json: String { description } }
extension UInt64: MetricsValue { var json: String { description } }
extension Bool: MetricsValue { var json: String { description } }
extension String: MetricsValue { var json: String { jsonQuoted(self) } }

extension Double: MetricsValue {
    var json: String { isFinite ? description : "null" }

    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> Double {
        try container.decodeNil(forKey: key) ? .nan : container.decode(Double.self, forKey: key)
    }
}

/// A number in a list. Null reads as what is not known, where the type has that.
protocol MetricsElement: Decodable, Sendable {
    static var unknown: Self? { get }
    var json: String { get }
}

extension Int: MetricsElement { static var unknown: Int? { nil } }

extension Float: MetricsElement {
    static var unknown: Float? { .nan }
    var json: String { isFinite ? description : "null" }
}

extension Array: MetricsValue where Element: MetricsElement {
    var json: String { "[" + map(\.json).joined(separator: ",") + "]" }

    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> [Element] {
        try container.decode([Element?].self, forKey: key).map { element in
            guard let value = element ?? Element.unknown else {
                throw DecodingError.valueNotFound(
                    Element.self, .init(codingPath: container.codingPath + [key], debugDescription: "null"))
            }
            return value
        }
    }
}

/// One property of an event and the key under which `metrics.jsonl` keeps it, for both directions.
struct MetricsField<Summary>: Sendable {
    let key: String
    /// The property as JSON text.
    let json: @Sendable (Summary) -> String
    let read: @Sendable (inout Summary, MetricsContainer) throws -> Void

    init<Value: MetricsValue>(_ key: String, _ property: WritableKeyPath<Summary, Value> & Sendable) {
        self.key = key
        json = { $0[keyPath: property].json }
        read = { $0[keyPath: property] = try Value.read($1, MetricsKey(key)) }
    }
}

/// A string as JSON text (RFC 8259): quotation mark, backslash and control characters escaped.
func jsonQuoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\t": quoted += "\\t"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
