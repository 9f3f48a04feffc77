import CZlib
import Foundation

/// Gzip decompression through zlib (RFC 1952).
enum Gzip {
    /// The most bytes a file may expand to: a small file can claim any size.
    static let maximumBytes = 1 << 32

    /// Whether the data starts with gzip's magic number.
    static func isCompressed(_ data: Data) -> Bool { data.starts(with: [0x1f, 0x8b]) }

    /// Decompresses all members of a gzip file.
    /// - Throws: `truncated`, `corrupt` or `tooLarge`.
    static func decompress(_ data: Data, file: String) throws(DatasetError) -> Data {
        var stream = z_stream()
        // 16 asks for the gzip container; inflateInit2 itself is a macro, which Swift does not see.
        let status = inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw corrupt(file, reason: "no decoder: zlib status \(status)") }
        defer { inflateEnd(&stream) }
        return try data.withUnsafeBytes { bytes in
            Result { () throws(DatasetError) in try inflateAll(bytes, with: &stream, file: file) }
        }.get()
    }

    private static func inflateAll(
        _ bytes: UnsafeRawBufferPointer, with stream: inout z_stream, file: String
    ) throws(DatasetError) -> Data {
        var output = Data()
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var remaining = bytes[...]
        while true {
            // zlib counts in 32 bits: a larger file goes in by pieces.
            let piece = UnsafeRawBufferPointer(rebasing: remaining.prefix(1 << 30))
            let (status, used, made) = step(&stream, input: piece, output: &block)
            remaining = remaining.dropFirst(used)
            output.append(contentsOf: block[..<made])
            guard output.count <= maximumBytes else {
                throw .tooLarge(file: file, found: "more data than allowed", expected: "at most \(maximumBytes) bytes")
            }
            switch status {
            case Z_STREAM_END where remaining.isEmpty: return output
            case Z_STREAM_END: inflateReset(&stream)
            case Z_OK: continue
            case Z_BUF_ERROR:
                throw .truncated(file: file, foundBytes: bytes.count, expected: "a complete gzip file")
            default: throw corrupt(file, reason: stream.msg.map { String(cString: $0) } ?? "zlib status \(status)")
            }
        }
    }

    private static func step(
        _ stream: inout z_stream, input: UnsafeRawBufferPointer, output: inout [UInt8]
    ) -> (status: Int32, used: Int, made: Int) {
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            let status = inflate(&stream, Z_NO_FLUSH)
            return (status, input.count - Int(stream.avail_in), target.count - Int(stream.avail_out))
        }
    }

    private static func corrupt(_ file: String, reason: String) -> DatasetError {
        .corrupt(file: file, format: "gzip file", reason: reason)
    }
}
