import Checkpoints
import Foundation
import NN
import TestSupport
import Testing
import Torch

struct AdapterFolderTests {
    /// A folder whose configuration is that of a plain adapter with some changes.
    private func read(_ changes: [String: Any]) throws -> AdapterPolicy {
        var root: [String: Any] = [
            "peft_type": "LORA", "r": 4, "lora_alpha": 8, "lora_dropout": 0.05, "target_modules": ["v_proj", "q_proj"],
            "bias": "none", "task_type": "CAUSAL_LM", "use_dora": false, "rank_pattern": [String: Int](),
            "modules_to_save": NSNull(), "runtime_config": ["ephemeral_gpu_offload": false],
        ]
        for (key, value) in changes { root[key] = value is Removal ? nil : value }
        return try withTemporaryFolder { folder in
            try JSONSerialization.data(withJSONObject: root).write(
                to: URL(fileURLWithPath: "\(folder)/adapter_config.json"))
            try SafetensorsFile.write([], to: "\(folder)/adapter_model.safetensors")
            return try AdapterFolder(folder).policy
        }
    }

    private struct Removal {}

    @Test("PEFT's settings are read, and what is switched off does not matter")
    func reading() throws {
        let plain = AdapterPolicy(rank: 4, alpha: 8, dropout: 0.05, targetModules: ["q_proj", "v_proj"])
        #expect(try read([:]) == plain)
        #expect(try read(["some_future_option": false, "another": NSNull(), "lora_alpha": 8.0]) == plain)
        #expect(try read(["use_rslora": true]).isRankStabilized)
    }

    @Test("what would change the result is an error that names it")
    func refusals() throws {
        let changes: [(String, Any)] = [
            ("use_dora", true), ("rank_pattern", ["q_proj": 2]), ("modules_to_save", ["lm_head"]),
            ("some_future_option", 1),
            ("bias", "all"), ("peft_type", "IA3"), ("target_modules", "all-linear"), ("target_modules", [String]()),
            ("r", 0), ("r", Removal()), ("lora_alpha", "large"), ("lora_dropout", 1.0), ("init_lora_weights", "pissa"),
        ]
        for (key, value) in changes {
            #expect("\(key)") { try read([key: value]) } throws: { "\($0)".contains(key) && $0 is CheckpointError }
        }
    }

    @Test("several settings that are not supported are all named")
    func severalAtOnce() {
        #expect { try read(["use_dora": true, "layers_to_transform": [1]]) } throws: {
            "\($0)".contains("layers_to_transform, use_dora in use")
        }
    }

    @Test("only adapters are written, under PEFT's names, with what it needs to know")
    func writing() throws {
        try withTemporaryFolder { folder in
            let policy = AdapterPolicy(rank: 2, alpha: 3, targetModules: ["first"])
            let builder = ParameterBuilder(seed: 1, adapters: .init(policy))
            let (_, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in
                (
                    try Linear(path / "first", from: 3, to: 5, layout: .inputsFirst),
                    try Linear(path / "second", from: 5, to: 2)
                )
            }
            try AdapterFolder.write(parameters, policy, baseModel: "some/model", to: folder)
            let read = try AdapterFolder(folder)
            #expect(read.policy == policy && read.baseModel == "some/model")
            #expect(read.weights.shape(of: "base_model.model.first.lora_A.weight") == [2, 3])
            #expect(read.weights.shape(of: "base_model.model.first.lora_B.weight") == [5, 2])
            #expect(read.weights.tensorNames.count == 2)
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/adapter_config.json"))
            let root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(root["fan_in_fan_out"] as? Bool == true && root["lora_alpha"] as? Double == 3)
        }
    }
}
