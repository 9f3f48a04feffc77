import Foundation

/// The most layers that a `config.json` may ask for: lists of as many are made before anything is loaded.
public let maximumLayerCount = 1 << 16

/// Reads a Hugging Face `config.json`, naming the key in every complaint.
struct ModelConfigurationReader {
    private let values: [String: Any]
    /// Before each key in messages, such as `rope_scaling.`.
    private let prefix: String

    init(_ json: Data) throws(SettingError) {
        guard let root = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw SettingError(key: "config.json", found: "something else", expected: "a JSON object")
        }
        (values, prefix) = (root, "")
    }

    private init(_ values: [String: Any], prefix: String) { (self.values, self.prefix) = (values, prefix) }

    /// Whether `key` is there and not null.
    func has(_ key: String) -> Bool { values[key].map { !($0 is NSNull) } ?? false }

    /// - Throws: where the key is absent and has no default, or is no integer of `minimum` to `maximum`.
    func count(
        _ key: String, default fallback: Int? = nil, minimum: Int = 1, maximum: Int = Int(Int32.max)
    ) throws(SettingError) -> Int {
        let value = try read(key, "an integer of at least \(minimum)", fallback) { number($0)?.exactInteger }
        guard value >= minimum else {
            throw SettingError(key: prefix + key, found: "\(value)", expected: "an integer of at least \(minimum)")
        }
        // Products of sizes stay integers.
        guard value <= maximum else {
            throw SettingError(key: prefix + key, found: "\(value)", expected: "an integer of at most \(maximum)")
        }
        return value
    }

    func number(_ key: String, default fallback: Double? = nil) throws(SettingError) -> Double {
        try read(key, "a number", fallback) { number($0)?.doubleValue }
    }

    /// A probability of dropout.
    func dropout(_ key: String, default fallback: Double = 0) throws(SettingError) -> Double {
        let value = try number(key, default: fallback)
        guard (0..<1).contains(value) else {
            throw SettingError(key: prefix + key, found: "\(value)", expected: "at least 0 and below 1")
        }
        return value
    }

    func flag(_ key: String, default fallback: Bool) throws(SettingError) -> Bool {
        try read(key, "true or false", fallback) { value in
            guard let number = value as? NSNumber, number.isBoolean else { return nil }
            return number.boolValue
        }
    }

    func string(_ key: String, default fallback: String? = nil) throws(SettingError) -> String {
        try read(key, "a string", fallback) { $0 as? String }
    }

    func strings(_ key: String) throws(SettingError) -> [String] {
        try read(key, "a list of strings", nil) { $0 as? [String] }
    }

    func object(_ key: String) throws(SettingError) -> ModelConfigurationReader {
        let object = try read(key, "an object", nil) { $0 as? [String: Any] }
        return ModelConfigurationReader(object, prefix: "\(prefix)\(key).")
    }

    /// Refuses a setting that changes what is computed in a way that is not known here.
    func require(_ key: String, _ expected: [String], default fallback: String) throws(SettingError) {
        let found = has(key) ? describe(key) : fallback
        guard expected.contains(found) else {
            throw SettingError(key: prefix + key, found: found, expected: expected.joined(separator: " or "))
        }
    }

    private func read<Value>(
        _ key: String, _ expected: String, _ fallback: Value?, _ convert: (Any) -> Value?
    ) throws(SettingError) -> Value {
        guard has(key), let value = values[key] else {
            guard let fallback else { throw SettingError(key: prefix + key, found: "missing", expected: expected) }
            return fallback
        }
        guard let converted = convert(value) else {
            throw SettingError(key: prefix + key, found: describe(key), expected: expected)
        }
        return converted
    }

    private func number(_ value: Any) -> NSNumber? {
        guard let number = value as? NSNumber, !number.isBoolean else { return nil }
        return number
    }

    private func describe(_ key: String) -> String {
        if let number = values[key] as? NSNumber, number.isBoolean { return number.boolValue ? "true" : "false" }
        return values[key].map { "\($0)" } ?? "missing"
    }
}

extension NSNumber {
    /// JSON's true and false arrive as numbers too.
    fileprivate var isBoolean: Bool { UnicodeScalar(UInt8(bitPattern: objCType.pointee)) == "c" }

    fileprivate var exactInteger: Int? { Int(exactly: doubleValue) }
}
