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
    static var kind: String { get }
}

extension MetricsValue {
    static var kind: String { "number" }
}

extension MetricsValue where Self: Decodable {
    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> Self {
        try container.decode(Self.self, forKey: key)
    }
}

extension Int: MetricsValue { var json: String { description } }
extension UInt64: MetricsValue { var json: String { description } }

extension Bool: MetricsValue {
    static var kind: String { "boolean" }
    var json: String { description }
}

extension String: MetricsValue {
    static var kind: String { "string" }
    var json: String { jsonQuoted(self) }
}

extension Double: MetricsValue {
    var json: String { isFinite ? description : "null" }

    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> Double {
        try container.decodeNil(forKey: key) ? .nan : container.decode(Double.self, forKey: key)
    }
}

/// What an array in `metrics.jsonl` can hold.
protocol MetricsElement: Decodable, Sendable {
    /// What null reads as; nil where null is an error.
    static var absent: Self? { get }
    var elementJSON: String { get }
}

extension Float: MetricsElement {
    static var absent: Float? { .nan }
    var elementJSON: String { isFinite ? description : "null" }
}

extension Int: MetricsElement {
    static var absent: Int? { nil }
    var elementJSON: String { description }
}

extension Array: MetricsValue where Element: MetricsElement {
    static var kind: String { "array of numbers" }
    var json: String { "[" + map(\.elementJSON).joined(separator: ",") + "]" }

    static func read(_ container: MetricsContainer, _ key: MetricsKey) throws -> [Element] {
        try container.decode([Element?].self, forKey: key).map { element in
            guard let value = element ?? Element.absent else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "`\(key.stringValue)` holds null, expected a number")
            }
            return value
        }
    }
}

/// One property of an event and the key under which `metrics.jsonl` keeps it, for both directions.
struct MetricsField<Summary>: Sendable {
    let key: String
    /// What it tells, in a few words and with its unit, for Documentation/AtteNT.docc/Metrics.md.
    let meaning: String
    /// What JSON holds: `number`, `string`, `boolean` or an array of numbers.
    let kind: String
    /// The property as JSON text.
    let json: @Sendable (Summary) -> String
    let read: @Sendable (inout Summary, MetricsContainer) throws -> Void

    /// - Parameter isOptional: whether logs of earlier versions lack the key; the property then stays as it is.
    init<Value: MetricsValue>(
        _ key: String, _ property: WritableKeyPath<Summary, Value> & Sendable, _ meaning: String,
        isOptional: Bool = false
    ) {
        (self.key, self.meaning, kind) = (key, meaning, Value.kind)
        json = { $0[keyPath: property].json }
        read = { summary, container in
            let key = MetricsKey(key)
            guard !isOptional || container.contains(key) else { return }
            summary[keyPath: property] = try Value.read(container, key)
        }
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
