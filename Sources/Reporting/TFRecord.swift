/// TensorFlow's record framing: length, masked CRC of the length, payload, masked CRC of the payload; little-endian
/// (tensorflow.org/tutorials/load_data/tfrecord).
enum TFRecord {
    static func framed(_ payload: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(payload.count))
        return length + littleEndian(CRC32C.masked(length)) + payload + littleEndian(CRC32C.masked(payload))
    }

    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
