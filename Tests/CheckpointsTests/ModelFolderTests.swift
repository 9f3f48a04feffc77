import Checkpoints
import Foundation
import NN
import TestSupport
import Testing
import Torch

struct ModelFolderTests {
    private static let configuration = Data(
        #"{"model_type": "llama", "hidden_size": 4, "torch_dtype": "float32"}"#.utf8)

    private func parameters() throws -> Parameters {
        let generator = try Generator(seed: 2)
        return Parameters(
            try [("a.weight", [3, 4]), ("b.weight", [5]), ("c.weight", [2, 2, 2])].map {
                Parameters.Entry(name: $0.0, tensor: try generator.normal($0.1))
            })
    }

    private func equals(_ source: any TensorSource, _ parameters: Parameters, _ tolerance: Tolerance) throws -> Bool {
        try source.tensorNames == parameters.entries.map(\.name).sorted()
            && parameters.entries.allSatisfy {
                try mismatch(source.tensor(named: $0.name), $0.tensor, tolerance) == nil
            }
    }

    @Test(
        "weights come back as they were, in one file or in shards, to the precision of their type",
        arguments: [DType.float32, .bfloat16, .float16], [1 << 20, 30, 1])
    func roundTrip(_ dtype: DType, _ limit: Int) throws {
        try withTemporaryFolder { folder in
            let parameters = try parameters()
            try ModelFolder.write(
                parameters, configuration: Self.configuration, as: dtype, shardLimit: limit, to: folder)
            let read = try ModelFolder(folder)
            let relative = dtype == .float32 ? 0 : dtype == .bfloat16 ? 0.004 : 0.0005
            #expect(try equals(read.weights, parameters, Tolerance(absolute: 1e-7, relative: relative)))
            #expect(try read.weights.tensor(named: "a.weight").dtype == dtype)
            let shards = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
                $0.hasSuffix(".safetensors")
            }
            #expect((shards.count == 1) == (limit == 1 << 20))
        }
    }

    @Test("the configuration says the type that the weights were saved in, and keeps all else")
    func configuration() throws {
        try withTemporaryFolder { folder in
            try ModelFolder.write(try parameters(), configuration: Self.configuration, as: .bfloat16, to: folder)
            let json = try #require(
                JSONSerialization.jsonObject(with: ModelFolder(folder).configuration) as? [String: Any])
            #expect(json["torch_dtype"] as? String == "bfloat16" && json["hidden_size"] as? Int == 4)
            #expect(try ModelFolder(folder).modelType == "llama")
        }
    }

    @Test("generation settings and the tokeniser go along")
    func companions() throws {
        try withTemporaryFolder { folder in
            let (base, target) = ("\(folder)/base", "\(folder)/target")
            try ModelFolder.write(try parameters(), configuration: Self.configuration, to: base)
            let generation = Data(#"{"temperature": 0.6}"#.utf8)
            try generation.write(to: URL(fileURLWithPath: "\(base)/generation_config.json"))
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(base)/tokenizer.json"))
            try ModelFolder.write(
                try parameters(), configuration: Self.configuration, companionsFrom: base, to: target)
            #expect(try ModelFolder(target).generationConfiguration == generation)
            #expect(FileManager.default.fileExists(atPath: "\(target)/tokenizer.json"))
        }
    }

    @Test("a save over an older one of another number of shards leaves none of those")
    func overwriting() throws {
        try withTemporaryFolder { folder in
            let parameters = try parameters()
            for limit in [60, 1 << 20, 1] {
                try ModelFolder.write(parameters, configuration: Self.configuration, shardLimit: limit, to: folder)
                #expect(try equals(ModelFolder(folder).weights, parameters, .float32))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names.filter { $0.hasSuffix(".safetensors") }.count == 3 && names.count == 5)
        }
    }

    @Test("weights that a learner reads from a folder may be saved into the same folder")
    func savingInPlace() throws {
        try withTemporaryFolder { folder in
            try ModelFolder.write(try parameters(), configuration: Self.configuration, to: folder)
            let source = try ModelFolder(folder).weights
            // Over the mapped memory itself, which the replaced file must not pull away.
            let mapped = Parameters(
                try source.tensorNames.map { .init(name: $0, tensor: try source.tensor(named: $0)) })
            try ModelFolder.write(mapped, configuration: Self.configuration, to: folder)
            #expect(try equals(ModelFolder(folder).weights, parameters(), .float32))
            try mapped.entries[0].tensor.fill(7)
            #expect(try equals(ModelFolder(folder).weights, parameters(), .float32))
        }
    }

    @Test("a folder without weights or configuration says what is missing")
    func missingFiles() throws {
        try withTemporaryFolder { folder in
            #expect { try ModelFolder(folder) } throws: { "\($0)".contains("config.json cannot be read") }
            try Self.configuration.write(to: URL(fileURLWithPath: "\(folder)/config.json"))
            #expect { try ModelFolder(folder) } throws: { "\($0)".contains("neither model.safetensors nor") }
        }
    }

    /// A sharded folder whose index is changed before it is read.
    private func complaint(_ change: (inout [String: String], _ folder: String) throws -> Void) throws -> String? {
        try withTemporaryFolder { folder in
            try ModelFolder.write(try parameters(), configuration: Self.configuration, shardLimit: 1, to: folder)
            let index = URL(fileURLWithPath: "\(folder)/model.safetensors.index.json")
            let root = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: index)) as? [String: Any])
            var places = try #require(root["weight_map"] as? [String: String])
            try change(&places, folder)
            try JSONSerialization.data(withJSONObject: ["weight_map": places]).write(to: index)
            do {
                _ = try ModelFolder(folder)
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    @Test("every missing shard is named")
    func missingShards() throws {
        let found = try complaint { places, folder in
            for name in ["a.weight", "c.weight"] {
                try FileManager.default.removeItem(atPath: "\(folder)/\(try #require(places[name]))")
            }
        }
        #expect(found?.contains("no file model-00001-of-00003.safetensors, model-00003-of-00003.safetensors") == true)
    }

    @Test("an index that does not say what the shards hold is refused, with everything that is wrong")
    func lyingIndex() throws {
        let found = try complaint { places, _ in
            places["d.weight"] = places["a.weight"]
            places["b.weight"] = nil
            places["c.weight"] = places["a.weight"]
        }
        #expect(found?.contains("c.weight is not in model-00001") == true)
        #expect(found?.contains("d.weight is not in model-00001") == true)
        // With nothing listed in its shard, that shard is no part of the model any more; where it still is, its rest counts.
        let unlisted = try complaint { places, _ in places["b.weight"] = places["a.weight"] }
        #expect(unlisted?.contains("b.weight is not in model-00001") == true)
    }

    @Test(
        "no name in an index leads out of the folder",
        arguments: ["../secret.safetensors", "/etc/passwd", "sub/model.safetensors", "..", ".", "", "a\u{0}b"])
    func escape(_ name: String) throws {
        let found = try complaint { places, _ in places["a.weight"] = name }
        #expect(found?.contains("the name of a file in the same folder") == true)
    }

    @Test(
        "an index that is no index is refused",
        arguments: ["", "[]", "{}", #"{"weight_map": {}}"#, #"{"weight_map": {"a": 1}}"#])
    func malformedIndex(_ text: String) throws {
        try withTemporaryFolder { folder in
            try Self.configuration.write(to: URL(fileURLWithPath: "\(folder)/config.json"))
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors.index.json"))
            #expect(throws: CheckpointError.self) { try ModelFolder(folder) }
        }
    }

    @Test("all shapes that do not fit a learner are listed, not the first alone")
    func wrongShapes() throws {
        try withTemporaryFolder { folder in
            try ModelFolder.write(try parameters(), configuration: Self.configuration, to: folder)
            let builder = ParameterBuilder(loading: try ModelFolder(folder).weights)
            #expect {
                _ = try ParameterBuilder.build(builder) { path throws(TorchError) in
                    for (name, shape) in [("a", [4, 3]), ("b", [5]), ("c", [8]), ("d", [1])] {
                        _ = try (path / name).parameter("weight", shape, .zeros)
                    }
                }
            } throws: {
                ($0 as? ParameterError)?.problems == [
                    "a.weight has the shape [3, 4], expected [4, 3]", "c.weight has the shape [2, 2, 2], expected [8]",
                    "d.weight is missing, expected the shape [1]",
                ]
            }
        }
    }
}
