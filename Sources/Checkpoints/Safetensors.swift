import Foundation
import NN
import Torch

/// A safetensors file, memory-mapped: a tensor's bytes are read when it is asked for.
public struct SafetensorsFile: TensorSource {
    public let path: String
    public let metadata: [String: String]
    private let file: MappedFile
    private let dataStart: Int
    private let entries: [String: SafetensorsHeader.Entry]

    public init(_ path: String) throws(CheckpointError) {
        let file = try MappedFile(path)
        let (header, dataStart) = try SafetensorsHeader.read(file)
        (self.path, self.file, self.dataStart, metadata) = (path, file, dataStart, header.metadata)
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    public var tensorNames: [String] { entries.keys.sorted() }
    public func shape(of name: String) -> [Int]? { entries[name]?.shape }
    public func dtype(of name: String) -> DType? { entries[name]?.dtype }

    /// The tensor over the mapped memory, without a copy: clone it before writing to it.
    public func tensor(named name: String) throws -> Tensor {
        guard let entry = entries[name] else {
            throw CheckpointError.malformed(file: path, found: "no tensor \(name)", expected: "one")
        }
        let start = dataStart + entry.range.lowerBound
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<dataStart + entry.range.upperBound])
        return try Tensor.borrowing(bytes, owner: file, dtype: entry.dtype, shape: entry.shape)
    }

    /// Writes tensors under their names, atomically.
    ///
    /// - Parameter dtype: what floating-point tensors are converted to, one at a time; their own type where nil.
    public static func write(
        _ tensors: [Parameters.Entry], as dtype: DType? = nil, metadata: [String: String] = [:], to path: String
    ) throws {
        var (entries, end): ([SafetensorsHeader.Entry], Int) = ([], 0)
        for entry in tensors {
            let type = entry.tensor.dtype.stored(as: dtype)
            let size = entry.tensor.count * type.byteCount
            entries.append(.init(name: entry.name, dtype: type, shape: entry.tensor.shape, range: end..<end + size))
            end += size
        }
        let header = SafetensorsHeader(entries: entries, metadata: metadata).encoded()
        try AtomicFile.write(to: path) { append in
            try append(header)
            for entry in tensors {
                try append(Data(entry.tensor.to(entry.tensor.dtype.stored(as: dtype)).bytes()))
            }
        }
    }
}
