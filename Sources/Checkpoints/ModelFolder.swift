import Foundation
import NN
import Torch

/// A model as Hugging Face lays it out: `config.json`, weights in one or several safetensors files, and what belongs to them.
public struct ModelFolder {
    public let path: String
    /// `config.json`, for the model's own configuration to read.
    public let configuration: Data
    /// `generation_config.json`, if there is one.
    public let generationConfiguration: Data?
    /// Memory-mapped: a tensor's bytes are read when it is asked for.
    public let weights: any TensorSource

    /// Files that belong to a model and do not change with its weights.
    static let companions = [
        "added_tokens.json", "chat_template.jinja", "generation_config.json", "merges.txt", "special_tokens_map.json",
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json",
    ]

    public init(_ path: String) throws(CheckpointError) {
        self.path = path
        configuration = try JSONObject.data("\(path)/config.json")
        let generation = "\(path)/generation_config.json"
        generationConfiguration =
            FileManager.default.fileExists(atPath: generation) ? try JSONObject.data(generation) : nil
        let (single, index) = ("\(path)/model.safetensors", "\(path)/model.safetensors.index.json")
        if FileManager.default.fileExists(atPath: single) {
            weights = try SafetensorsFile(single)
        } else if FileManager.default.fileExists(atPath: index) {
            weights = try ShardedSafetensors(index: index)
        } else {
            throw .unreadable(file: path, reason: "it holds neither model.safetensors nor model.safetensors.index.json")
        }
    }

    /// `model_type`, such as `llama`.
    public var modelType: String? {
        get throws(CheckpointError) {
            try JSONObject.parse(configuration, "\(path)/config.json")["model_type"] as? String
        }
    }

    /// Writes a model that transformers reads.
    ///
    /// - Parameters:
    ///   - parameters: each is written once, also where another is tied to it.
    ///   - configuration: a `config.json`, in which the type of the weights is set.
    ///   - dtype: float32, bfloat16 or float16.
    ///   - shardLimit: bytes in a file.
    ///   - companions: a model's folder, from which the tokeniser and `generation_config.json` are taken where it has them.
    public static func write(
        _ parameters: Parameters, configuration: Data, as dtype: DType = .float32, shardLimit: Int = 5 << 30,
        companionsFrom companions: String? = nil, to path: String
    ) throws {
        precondition(dtype.isFloatingPoint && dtype != .float64, "weights are float32, bfloat16 or float16")
        let manager = FileManager.default
        do { try manager.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw CheckpointError.unwritable(file: path, reason: (error as NSError).localizedDescription)
        }
        var root = try JSONObject.parse(configuration, "config.json")
        // transformers 5 says dtype and reads both.
        root[root["dtype"] == nil ? "torch_dtype" : "dtype"] = dtype.description
        let files = try ShardedSafetensors.write(parameters.entries, as: dtype, limit: shardLimit, in: path)
        try removeStaleWeights(in: path, keeping: files)
        if let companions,
            URL(fileURLWithPath: companions).standardizedFileURL != URL(fileURLWithPath: path).standardizedFileURL
        {
            for name in Self.companions where manager.fileExists(atPath: "\(companions)/\(name)") {
                try AtomicFile.write(try JSONObject.data("\(companions)/\(name)"), to: "\(path)/\(name)")
            }
        }
        // Last, so that a folder without one is an unfinished one.
        try JSONObject.write(root, to: "\(path)/config.json")
    }

    /// Weights of an earlier save under another number of shards would be found in place of the new ones.
    private static func removeStaleWeights(in path: String, keeping files: [String]) throws {
        let kept = Set(files + (files.count > 1 ? ["model.safetensors.index.json"] : []))
        for name in try FileManager.default.contentsOfDirectory(atPath: path)
        where name.hasPrefix("model") && (name.hasSuffix(".safetensors") || name.hasSuffix(".safetensors.index.json")) {
            if !kept.contains(name) { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
        }
    }
}
