#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// Layout, little-endian: magic "ATTEACH1"; the byte counts of the six parts as UInt64; the parts: header (JSON),
// scores, stamps, confidences, selected examples, their weights; FNV-1a of all before it as UInt64. A part of examples
// or weights that is absent has the byte count 2^64 - 1.

extension TeacherState {
    private static let magic = Array("ATTEACH1".utf8)
    private static let partCount = 6
    private static let absent = UInt64.max

    /// The state in bytes: 6 to 7 an example, and 4 to 8 an example selected.
    public func serialized() -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let json = try? encoder.encode(header) else {
            preconditionFailure("a validated policy and finite counters are always representable as JSON")
        }
        let parts: [Data?] = [
            json, bytes(scores), bytes(stamps), bytes(confidences), examples.map(bytes), weights.map(bytes),
        ]
        var data = Data(Self.magic)
        for part in parts { data.append(bytes([part.map { UInt64($0.count) } ?? Self.absent])) }
        for part in parts { data.append(part ?? Data()) }
        data.append(bytes([Self.checksum(data)]))
        return data
    }

    /// - Throws: ``TeachingError/corruptState(found:expected:)`` for bytes that are not a whole, unchanged state.
    public init(serialized data: Data) throws(TeachingError) {
        let bytes = [UInt8](data)
        let start = Self.magic.count + 8 * Self.partCount
        guard bytes.starts(with: Self.magic) else {
            throw .corruptState(found: "other leading bytes", expected: "ATTEACH1")
        }
        guard bytes.count >= start + 8 else {
            throw .corruptState(found: "\(bytes.count) bytes", expected: "at least \(start + 8)")
        }
        let stored = array(of: UInt64.self, in: bytes[(bytes.count - 8)...])
        guard stored == [Self.checksum(data.dropLast(8))] else {
            throw .corruptState(found: "another checksum than its content has", expected: "an unchanged file")
        }
        let sizes = array(of: UInt64.self, in: bytes[Self.magic.count..<start])
        let parts = try Self.split(bytes[start..<(bytes.count - 8)], sizes: sizes)
        guard let json = parts[0], let header = try? JSONDecoder().decode(Header.self, from: Data(json)) else {
            throw .corruptState(found: "a header that cannot be read", expected: "one of this version")
        }
        self.header = header
        scores = array(of: Float.self, in: parts[1] ?? [])
        stamps = array(of: UInt16.self, in: parts[2] ?? [])
        confidences = Array(parts[3] ?? [])
        examples = parts[4].map { array(of: Int32.self, in: $0) }
        weights = parts[5].map { array(of: Float.self, in: $0) }
    }

    private static func split(
        _ bytes: ArraySlice<UInt8>, sizes: [UInt64]
    ) throws(TeachingError) -> [ArraySlice<UInt8>?] {
        var parts: [ArraySlice<UInt8>?] = []
        var rest = bytes
        for size in sizes {
            guard size != absent else {
                parts.append(nil)
                continue
            }
            guard size <= UInt64(rest.count) else {
                throw .corruptState(found: "\(rest.count) bytes of a part", expected: "\(size)")
            }
            parts.append(rest.prefix(Int(size)))
            rest = rest.dropFirst(Int(size))
        }
        guard rest.isEmpty else { throw .corruptState(found: "\(rest.count) bytes too many", expected: "none") }
        return parts
    }

    /// FNV-1a over 8 bytes at a time: any single change makes another sum.
    private static func checksum(_ data: Data) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(data.count)
        data.withUnsafeBytes { buffer in
            var offset = 0
            while offset + 8 <= buffer.count {
                let word = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                hash = (hash ^ word) &* 0x100_0000_01B3
                offset += 8
            }
            while offset < buffer.count {
                hash = (hash ^ UInt64(buffer[offset])) &* 0x100_0000_01B3
                offset += 1
            }
        }
        return hash
    }
}

extension TeacherState: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(serialized: try decoder.singleValueContainer().decode(Data.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(serialized())
    }
}

private func bytes<Value: BitwiseCopyable>(_ values: [Value]) -> Data {
    values.withUnsafeBytes { Data($0) }
}

private func array<Value: BitwiseCopyable>(of type: Value.Type, in bytes: ArraySlice<UInt8>) -> [Value] {
    let count = bytes.count / MemoryLayout<Value>.stride
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes.prefix(count * MemoryLayout<Value>.stride))
        initialized = count
    }
}
