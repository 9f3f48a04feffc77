#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// Layout, little-endian: magic "ATTEACH1"; the byte counts of the six parts as UInt64; the parts: header (JSON),
// scores, stamps, confidences, selected examples, their weights; FNV-1a of all before it as UInt64. A part of examples
// or weights that is absent has the byte count 2^64 - 1.

extension TeacherState {
    private static let magic = "ATTEACH1"
    private static let partCount = 6
    private static let absent = UInt64.max
    /// Bytes before the first part.
    private static let start = 8 + 8 * partCount

    /// Writes the state, without a copy of it in memory. The file is complete and safely on disk, or the path holds
    /// what it held before.
    ///
    /// - Throws: ``TeachingError/unwritable(path:reason:)``.
    public func write(to path: String) throws(TeachingError) {
        try FileSystem.replace(path) { (append) throws(TeachingError) in
            var failure: TeachingError?
            forEachPart { bytes in
                guard failure == nil else { return }
                do throws(TeachingError) { try append(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    /// Reads what ``write(to:)`` wrote, or the bytes of ``serialized()``.
    ///
    /// - Parameter scratch: a folder for the table of scores, which is then mapped from files; `nil` for memory.
    /// - Throws: ``TeachingError/unreadable(path:reason:)``, ``TeachingError/unwritable(path:reason:)`` for the folder,
    ///   ``TeachingError/corruptState(found:expected:)`` for a file that is not a whole, unchanged state.
    public init(contentsOf path: String, scratch: String? = nil) throws(TeachingError) {
        self = try FileSystem.read(path) { (size, read) throws(TeachingError) in
            try TeacherState(byteCount: size, scratch: scratch, read: read)
        }
    }

    /// The state in bytes: 6 to 7 an example, and 4 to 8 an example selected.
    public func serialized() -> Data {
        var data = Data()
        forEachPart { data.append(contentsOf: $0) }
        return data
    }

    /// - Throws: ``TeachingError/corruptState(found:expected:)`` for bytes that are not a whole, unchanged state.
    public init(serialized data: Data) throws(TeachingError) {
        var rest = data[...]
        try self.init(byteCount: data.count, scratch: nil) { (buffer) throws(TeachingError) in
            rest.copyBytes(to: buffer)
            rest = rest.dropFirst(buffer.count)
        }
    }

    // MARK: Layout

    /// Passes all bytes in order.
    private func forEachPart(_ body: (UnsafeRawBufferPointer) -> Void) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let json = try? encoder.encode(header) else {
            preconditionFailure("a validated policy and finite counters are always representable as JSON")
        }
        let present = [json.count, 4 * scores.count, 2 * stamps.count, confidences.count].map { UInt64($0) }
        let selected = [examples?.count, weights?.count].map { $0.map { UInt64(4 * $0) } ?? Self.absent }
        let sizes = present + selected
        var checksum = StateChecksum(byteCount: Self.byteCount(sizes) ?? 0)
        func add(_ bytes: UnsafeRawBufferPointer) {
            checksum.add(bytes)
            body(bytes)
        }
        Array(Self.magic.utf8).withUnsafeBytes(add)
        sizes.withUnsafeBytes(add)
        json.withUnsafeBytes(add)
        scores.withUnsafeBytes(add)
        stamps.withUnsafeBytes(add)
        confidences.withUnsafeBytes(add)
        examples?.withUnsafeBytes(add)
        weights?.withUnsafeBytes(add)
        withUnsafeBytes(of: checksum.value, body)
    }

    /// Bytes before the checksum; `nil` for sizes beyond all files.
    private static func byteCount(_ sizes: [UInt64]) -> Int? {
        var sum = UInt64(start)
        for size in sizes where size != absent {
            let (next, overflow) = sum.addingReportingOverflow(size)
            guard !overflow, next <= UInt64(Int.max) - 8 else { return nil }
            sum = next
        }
        return Int(sum)
    }

    /// - Parameter read: fills a buffer with the next bytes; never asked for more than there are.
    private init(
        byteCount: Int, scratch: String?,
        read: @escaping (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void
    ) throws(TeachingError) {
        guard byteCount >= Self.start + 8 else {
            throw .corruptState(found: "\(byteCount) bytes", expected: "at least \(Self.start + 8)")
        }
        var reader = StateReader(byteCount: byteCount - 8, read: read)
        guard try reader.array(of: UInt8.self, byteCount: 8) == Array(Self.magic.utf8) else {
            throw .corruptState(found: "other leading bytes", expected: Self.magic)
        }
        let sizes = try reader.array(of: UInt64.self, byteCount: UInt64(8 * Self.partCount))
        guard !sizes[..<4].contains(Self.absent), Self.byteCount(sizes) == byteCount - 8 else {
            throw .corruptState(found: "\(byteCount) bytes", expected: "the size that its parts have")
        }
        let json = try reader.array(of: UInt8.self, byteCount: sizes[0])
        scores = try reader.column(of: Float.self, byteCount: sizes[1], folder: scratch)
        stamps = try reader.column(of: UInt16.self, byteCount: sizes[2], folder: scratch)
        confidences = try reader.column(of: UInt8.self, byteCount: sizes[3], folder: scratch)
        examples = sizes[4] == Self.absent ? nil : try reader.array(of: Int32.self, byteCount: sizes[4])
        weights = sizes[5] == Self.absent ? nil : try reader.array(of: Float.self, byteCount: sizes[5])
        let sum = reader.checksum.value
        guard try reader.array(of: UInt64.self, byteCount: 8) == [sum] else {
            throw .corruptState(found: "another checksum than its content has", expected: "an unchanged file")
        }
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(json)) else {
            throw .corruptState(found: "a header that cannot be read", expected: "one of this version")
        }
        self.header = header
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

/// Takes values from a stream of bytes, and sums these up.
private struct StateReader {
    private(set) var checksum: StateChecksum
    private let read: (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void

    init(byteCount: Int, read: @escaping (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void) {
        checksum = StateChecksum(byteCount: byteCount)
        self.read = read
    }

    mutating func array<Value: BitwiseCopyable>(
        of type: Value.Type, byteCount: UInt64
    ) throws(TeachingError) -> [Value] {
        let count = try count(of: type, byteCount)
        var failure: TeachingError?
        let values = [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(TeachingError) {
                try fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])))
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }

    mutating func column<Value: BitwiseCopyable & Sendable>(
        of type: Value.Type, byteCount: UInt64, folder: String?
    ) throws(TeachingError) -> Column<Value> {
        try Column(count: count(of: type, byteCount), folder: folder) { (buffer) throws(TeachingError) in
            try fill(buffer)
        }
    }

    private mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(TeachingError) {
        try read(buffer)
        checksum.add(UnsafeRawBufferPointer(buffer))
    }

    private func count<Value>(of type: Value.Type, _ byteCount: UInt64) throws(TeachingError) -> Int {
        let size = MemoryLayout<Value>.size
        guard Int(byteCount) % size == 0 else {
            throw .corruptState(found: "\(byteCount) bytes of a part", expected: "a multiple of \(size)")
        }
        return Int(byteCount) / size
    }
}
