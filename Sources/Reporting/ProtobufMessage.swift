/// A protocol-buffers message under construction: the wire format's varint, fixed and length-delimited fields
/// (protobuf.dev/programming-guides/encoding).
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    mutating func append(_ value: Int64, field: UInt64) {
        appendTag(field, .varint)
        appendVarint(UInt64(bitPattern: value))
    }

    mutating func append(_ value: Double, field: UInt64) {
        appendTag(field, .fixed64)
        bytes += TFRecord.littleEndian(value.bitPattern)
    }

    mutating func append(_ value: Float, field: UInt64) {
        appendTag(field, .fixed32)
        bytes += TFRecord.littleEndian(value.bitPattern)
    }

    mutating func append(_ text: String, field: UInt64) { append(Array(text.utf8), field: field) }

    mutating func append(_ message: ProtobufMessage, field: UInt64) { append(message.bytes, field: field) }

    /// A packed repeated field.
    mutating func append(_ values: [Double], field: UInt64) {
        append(values.flatMap { TFRecord.littleEndian($0.bitPattern) }, field: field)
    }

    /// A field of bytes.
    mutating func append(_ payload: [UInt8], field: UInt64) {
        appendTag(field, .lengthDelimited)
        appendVarint(UInt64(payload.count))
        bytes += payload
    }

    private mutating func appendTag(_ field: UInt64, _ type: WireType) { appendVarint(field << 3 | type.rawValue) }

    private mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
