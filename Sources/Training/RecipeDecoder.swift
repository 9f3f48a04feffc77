import Models
import Yams

/// Decodes a YAML node, filling gaps from a node of defaults, and remembers which keys were asked for, so that what nobody
/// asked for can be refused. Yams' own decoder ignores unknown keys and loses the lines.
struct RecipeDecoder: Decoder {
    /// What is known about the document while its parts are decoded.
    final class Document {
        let source: String
        var askedKeys: [String: Set<String>] = [:]
        /// By a key's whole path, the type that asked for it and the names that may stand there.
        var owners: [String: String] = [:]
        var choices: [String: [String]] = [:]
        /// By a key's whole path, the type of what stands there.
        var types: [String: String] = [:]

        init(source: String) { self.source = source }
    }

    let document: Document
    let node: Node
    let defaults: Node?
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func decode<Value: Decodable>(
        _ type: Value.Type, from node: Node, defaults: Node, source: String
    ) throws -> Value {
        let document = Document(source: source)
        let value = try Value(from: RecipeDecoder(document: document, node: node, defaults: defaults, codingPath: []))
        try refuseUnknownKeys(in: node, path: [], document)
        return value
    }

    private static func refuseUnknownKeys(in node: Node, path: [String], _ document: Document) throws {
        guard let mapping = node.mapping, let known = document.askedKeys[path.joined(separator: ".")] else { return }
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard known.contains(name) else {
                let place = (path + [name]).joined(separator: ".")
                let hint = name.nearest(among: known).map { "did you mean \($0)?" }
                let all = "known here: \(known.sorted().joined(separator: ", "))"
                throw RecipeError(
                    source: document.source, line: key.mark?.line, message: "unknown key \(place); \(hint ?? all)")
            }
            try refuseUnknownKeys(in: value, path: path + [name], document)
        }
    }

    var path: String { codingPath.map(\.stringValue).joined(separator: ".") }

    func failure(_ message: String, at node: Node? = nil) -> RecipeError {
        RecipeError(source: document.source, line: (node ?? self.node).mark?.line, message: message)
    }

    /// Decodes what stands here; a name that is none of a choice's, or a setting that a type refuses, gets its line.
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let names = (Value.self as? any CaseIterable.Type)?.names { document.choices[path] = names }
        // The entries of a list have its path and come after it.
        if document.types[path] == nil { document.types[path] = "\(Value.self)" }
        do {
            return try Value(from: self)
        } catch is DecodingError {
            let choices = (Value.self as? any CaseIterable.Type).map { "one of \($0.names.joined(separator: ", "))" }
            throw failure("\(path) is \(node.summary), expected \(choices ?? "a known name")")
        } catch let error as SettingError {
            throw failure("\(path).\(error)")
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard node.mapping != nil else {
            throw failure("\(path) is \(node.summary), expected keys and values")
        }
        return KeyedDecodingContainer(RecipeKeys<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let sequence = node.sequence else { throw failure("\(path) is \(node.summary), expected a list") }
        return RecipeList(decoder: self, nodes: Array(sequence))
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { RecipeScalar(decoder: self) }
}

extension CaseIterable {
    /// The cases as they are on disk.
    fileprivate static var names: [String] {
        allCases.map { value in (value as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\(value)" }
    }
}

extension Node {
    /// What stands there, for an error.
    var summary: String {
        switch self {
        case .scalar(let scalar): scalar.string.isEmpty ? "empty" : scalar.string
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// The keys of one mapping.
private struct RecipeKeys<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: RecipeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { (decoder.node.mapping ?? [:]).keys.compactMap { $0.string.flatMap(Key.init(stringValue:)) } }

    /// The type whose keys these are.
    private static var owner: String {
        let name = String(reflecting: Key.self)
        guard name.hasSuffix(".CodingKeys") else { return name }
        let type = name.dropLast(".CodingKeys".count)
        // A private type's name is told with where it is unknown.
        guard type.hasSuffix(")"), let context = type.ranges(of: ".(unknown context at ").last else {
            return String(type)
        }
        return String(type[..<context.lowerBound])
    }

    private func find(_ key: Key) -> Node? {
        decoder.document.askedKeys[decoder.path, default: []].insert(key.stringValue)
        let path = (codingPath + [key]).map(\.stringValue).joined(separator: ".")
        decoder.document.owners[path] = Self.owner
        return decoder.node[key.stringValue] ?? decoder.defaults?[key.stringValue]
    }

    private func child(_ key: Key) throws -> RecipeDecoder {
        guard let node = find(key) else {
            throw decoder.failure(
                "the key \((codingPath + [key]).map(\.stringValue).joined(separator: ".")) is missing")
        }
        return RecipeDecoder(
            document: decoder.document, node: node, defaults: decoder.defaults?[key.stringValue],
            codingPath: codingPath + [key])
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { find(key).map { $0.null != nil } ?? true }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try child(key).value(type) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

/// A list.
private struct RecipeList: UnkeyedDecodingContainer {
    let decoder: RecipeDecoder
    let nodes: [Node]
    var currentIndex = 0

    init(decoder: RecipeDecoder, nodes: [Node]) { (self.decoder, self.nodes) = (decoder, nodes) }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { nodes.count }
    var isAtEnd: Bool { currentIndex == nodes.count }

    private mutating func child() throws -> RecipeDecoder {
        guard !isAtEnd else { throw decoder.failure("\(decoder.path) has \(nodes.count) entries, expected more") }
        defer { currentIndex += 1 }
        return RecipeDecoder(
            document: decoder.document, node: nodes[currentIndex], defaults: nil, codingPath: decoder.codingPath)
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, nodes[currentIndex].null != nil else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try child().value(type) }
    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try child().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try child().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try child() }
}

/// One value.
private struct RecipeScalar: SingleValueDecodingContainer {
    let decoder: RecipeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    private func value<T>(_ value: T?, _ expected: String) throws -> T {
        guard let value else {
            throw decoder.failure("\(decoder.path) is \(decoder.node.summary), expected \(expected)")
        }
        return value
    }
    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try value(decoder.node.string.flatMap { T($0) }, T.isSigned ? "a whole number" : "a whole number, not negative")
    }

    func decodeNil() -> Bool { decoder.node.null != nil }
    func decode(_ type: Bool.Type) throws -> Bool { try value(decoder.node.bool, "true or false") }
    func decode(_ type: String.Type) throws -> String { try value(decoder.node.string, "a text") }
    func decode(_ type: Double.Type) throws -> Double { try value(decoder.node.float, "a number") }
    func decode(_ type: Float.Type) throws -> Float { Float(try value(decoder.node.float, "a number")) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.value(type) }
}
