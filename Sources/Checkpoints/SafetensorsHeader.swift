import Foundation
import Torch

/// The directory at the head of a safetensors file: a little-endian UInt64 length, then JSON that names each tensor's type,
/// shape and bytes. The rules are those of the format's own validator: sizes agree, ranges follow each other without gap.
struct SafetensorsHeader {
    struct Entry: Equatable {
        var name: String
        var dtype: DType
        var shape: [Int]
        /// Offsets from the end of the header.
        var range: Range<Int>
    }

    /// The format's own bound on the JSON, against absurd claims.
    static let maximumLength = 100_000_000

    var entries: [Entry]
    var metadata: [String: String]

    init(entries: [Entry], metadata: [String: String]) { (self.entries, self.metadata) = (entries, metadata) }

    /// - Returns: the header and where the data begins.
    static func read(_ file: MappedFile) throws(CheckpointError) -> (SafetensorsHeader, dataStart: Int) {
        func malformed(_ found: String, _ expected: String) -> CheckpointError {
            .malformed(file: file.path, found: found, expected: expected)
        }
        let bytes = file.bytes
        guard bytes.count >= 8 else {
            throw malformed("\(bytes.count) bytes", "at least 8, the length of a safetensors header")
        }
        let claimed = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard claimed <= maximumLength, Int(claimed) <= bytes.count - 8 else {
            throw malformed(
                "a header of \(claimed) bytes in a file of \(bytes.count)", "a safetensors header within the file")
        }
        let dataStart = 8 + Int(claimed)
        let json = Data(bytes[8..<dataStart])
        guard let root = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw malformed("a header that is not a JSON object", "the safetensors format")
        }
        var (entries, metadata): ([Entry], [String: String]) = ([], [:])
        for (name, value) in root {
            if name == "__metadata__" {
                guard let strings = value as? [String: String] else {
                    throw malformed("__metadata__ with values that are not strings", "strings only")
                }
                metadata = strings
            } else {
                entries.append(try entry(name, value, malformed))
            }
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        try checkLayout(entries, size: bytes.count - dataStart, malformed)
        return (SafetensorsHeader(entries: entries, metadata: metadata), dataStart)
    }

    private static func entry(
        _ name: String, _ value: Any, _ malformed: (String, String) -> CheckpointError
    ) throws(CheckpointError) -> Entry {
        guard let fields = value as? [String: Any], let code = fields["dtype"] as? String,
            let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int], offsets.count == 2
        else { throw malformed("an entry \(name) without dtype, shape and two data_offsets", "the safetensors format") }
        guard let dtype = DType(safetensors: code) else {
            throw malformed("\(name) of type \(code)", DType.allCases.map(\.safetensors).joined(separator: ", "))
        }
        var size = dtype.byteCount
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw malformed("\(name) of shape \(shape)", "sizes that fit in memory")
            }
            size = product
        }
        guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] - offsets[0] == size else {
            throw malformed(
                "\(name) of shape \(shape) in bytes \(offsets[0])..<\(offsets[1])", "\(size) bytes of \(code)")
        }
        return Entry(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static func checkLayout(
        _ entries: [Entry], size: Int, _ malformed: (String, String) -> CheckpointError
    ) throws(CheckpointError) {
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw malformed(
                    "\(entry.name) at byte \(entry.range.lowerBound) of the data", "\(end), where the one before ends")
            }
            end = entry.range.upperBound
        }
        guard end == size else { throw malformed("\(size) bytes of data", "\(end), as the header says") }
    }

    /// The header's bytes, padded with blanks so that the data begins at a multiple of 8.
    func encoded() -> Data {
        var root: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        for entry in entries {
            root[entry.name] =
                [
                    "dtype": entry.dtype.safetensors, "shape": entry.shape,
                    "data_offsets": [entry.range.lowerBound, entry.range.upperBound],
                ] as [String: Any]
        }
        // Strings and integers always serialise.
        var json =
            (try? JSONSerialization.data(withJSONObject: root, options: [.sortedKeys, .withoutEscapingSlashes]))
            ?? Data()
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
    }
}

extension DType {
    var safetensors: String {
        switch self {
        case .uint8: "U8"
        case .int32: "I32"
        case .int64: "I64"
        case .float16: "F16"
        case .float32: "F32"
        case .float64: "F64"
        case .bool: "BOOL"
        case .bfloat16: "BF16"
        }
    }

    /// What becomes of this type in a file of `dtype`: only floating-point numbers are converted.
    func stored(as dtype: DType?) -> DType { isFloatingPoint ? dtype ?? self : self }

    init?(safetensors code: String) {
        guard let match = DType.allCases.first(where: { $0.safetensors == code }) else { return nil }
        self = match
    }
}
