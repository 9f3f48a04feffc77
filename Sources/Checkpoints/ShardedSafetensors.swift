import Foundation
import NN
import Torch

/// Several safetensors files and the index that says which tensor lies in which, as Hugging Face writes large models.
public struct ShardedSafetensors: TensorSource {
    private let files: [String: SafetensorsFile]
    /// The file of each tensor, by name.
    private let places: [String: String]

    /// Opens the shards beside an index `model.safetensors.index.json`.
    ///
    /// - Throws: ``CheckpointError`` with everything in which index and shards disagree, or with the first shard that cannot be
    ///   read.
    public init(index path: String) throws(CheckpointError) {
        guard let places = try JSONObject.read(path)["weight_map"] as? [String: String], !places.isEmpty else {
            throw .malformed(file: path, found: "no weight_map", expected: "an object of tensor names and file names")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var (files, missing): ([String: SafetensorsFile], [String]) = ([:], [])
        for name in Set(places.values).sorted() {
            guard Self.isPlain(name) else {
                throw .malformed(
                    file: path, found: "the shard \(name)", expected: "the name of a file in the same folder")
            }
            if FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
                files[name] = try SafetensorsFile("\(folder)/\(name)")
            } else {
                missing.append(name)
            }
        }
        guard missing.isEmpty else {
            throw .malformed(
                file: path, found: "no file \(missing.joined(separator: ", "))", expected: "every shard beside it")
        }
        let problems = Self.disagreements(places, files)
        guard problems.isEmpty else {
            throw .malformed(file: path, found: problems.joined(separator: "; "), expected: "what the shards hold")
        }
        (self.files, self.places) = (files, places)
    }

    /// One component that names a file: no separator leads anywhere else.
    static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }

    private static func disagreements(_ places: [String: String], _ files: [String: SafetensorsFile]) -> [String] {
        let absent = places.filter { files[$0.value]?.shape(of: $0.key) == nil }.map {
            "\($0.key) is not in \($0.value)"
        }
        let unlisted = files.flatMap { file, content in
            content.tensorNames.filter { places[$0] != file }.map { "\($0) of \(file) is not listed there" }
        }
        return (absent + unlisted).sorted()
    }

    public var tensorNames: [String] { places.keys.sorted() }
    public func shape(of name: String) -> [Int]? { file(of: name)?.shape(of: name) }
    public func dtype(of name: String) -> DType? { file(of: name)?.dtype(of: name) }

    public func tensor(named name: String) throws -> Tensor {
        guard let file = file(of: name) else {
            throw CheckpointError.malformed(file: "the index", found: "no tensor \(name)", expected: "one")
        }
        return try file.tensor(named: name)
    }

    private func file(of name: String) -> SafetensorsFile? { places[name].flatMap { files[$0] } }

    /// Writes tensors into a folder: one file `<stem>.safetensors`, or shards and an index where they exceed `limit` bytes.
    ///
    /// - Returns: the names of the files.
    @discardableResult
    public static func write(
        _ tensors: [Parameters.Entry], as dtype: DType? = nil, limit: Int, stem: String = "model", in folder: String
    ) throws -> [String] {
        let shards = partition(tensors, dtype, limit)
        let names = shards.indices.map { index in
            shards.count == 1
                ? "\(stem).safetensors" : String(format: "\(stem)-%05d-of-%05d.safetensors", index + 1, shards.count)
        }
        for (shard, name) in zip(shards, names) {
            // transformers refuses files that do not say where their tensors come from.
            try SafetensorsFile.write(shard, as: dtype, metadata: ["format": "pt"], to: "\(folder)/\(name)")
        }
        guard shards.count > 1 else { return names }
        var places: [String: String] = [:]
        for (shard, name) in zip(shards, names) { for entry in shard { places[entry.name] = name } }
        let total = tensors.reduce(0) { $0 + size($1, dtype) }
        try JSONObject.write(
            ["metadata": ["total_size": total], "weight_map": places], to: "\(folder)/\(stem).safetensors.index.json")
        return names
    }

    private static func size(_ entry: Parameters.Entry, _ dtype: DType?) -> Int {
        entry.tensor.count * entry.tensor.dtype.stored(as: dtype).byteCount
    }

    /// In order, each shard as full as the limit allows; a tensor larger than that has one to itself.
    private static func partition(_ tensors: [Parameters.Entry], _ dtype: DType?, _ limit: Int) -> [[Parameters.Entry]]
    {
        var (shards, room): ([[Parameters.Entry]], Int) = ([[]], limit)
        for entry in tensors {
            let size = size(entry, dtype)
            if size > room, shards.last?.isEmpty == false {
                shards.append([])
                room = limit
            }
            shards[shards.count - 1].append(entry)
            room -= size
        }
        return shards
    }
}
