/// One field of a protocol buffer message, as it lies on the wire.
struct ProtobufField {
    enum Value {
        case varint(UInt64)
        /// Four or eight bytes, little-endian.
        case fixed(ArraySlice<UInt8>)
        case bytes(ArraySlice<UInt8>)
    }

    let number: UInt64
    let value: Value

    /// The content of a string, bytes or message field, nil for a number.
    var content: ArraySlice<UInt8>? {
        if case .bytes(let bytes) = value { bytes } else { nil }
    }

    /// An integer or Boolean field, nil for anything else.
    var integer: UInt64? {
        if case .varint(let integer) = value { integer } else { nil }
    }

    /// A single-precision field, nil for anything else.
    var float: Float? {
        guard case .fixed(let bytes) = value, bytes.count == 4 else { return nil }
        return Float(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
}

/// Reads the fields of one message one after the other.
///
/// Source: https://protobuf.dev/programming-guides/encoding/
struct ProtobufReader {
    /// Where in the file a message stopped making sense, and how.
    struct Fault: Error {
        let offset: Int
        let found: String
    }

    private var rest: ArraySlice<UInt8>

    init(_ message: ArraySlice<UInt8>) {
        rest = message
    }

    /// The next field, or nil at the end of the message.
    mutating func next() throws(Fault) -> ProtobufField? {
        guard !rest.isEmpty else { return nil }
        let start = rest.startIndex
        let tag = try varint()
        let value: ProtobufField.Value =
            switch tag & 7 {
            case 0: .varint(try varint())
            case 1: .fixed(try take(8, from: start))
            case 2: .bytes(try take(try varint(), from: start))
            case 5: .fixed(try take(4, from: start))
            default: throw Fault(offset: start, found: "wire type \(tag & 7)")
            }
        return ProtobufField(number: tag >> 3, value: value)
    }

    private mutating func varint() throws(Fault) -> UInt64 {
        let start = rest.startIndex
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw Fault(offset: start, found: "the end of the message") }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Fault(offset: start, found: "an integer of more than ten bytes")
    }

    private mutating func take(_ count: UInt64, from start: Int) throws(Fault) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else {
            throw Fault(offset: start, found: "a field of \(count) bytes where \(rest.count) are left")
        }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
