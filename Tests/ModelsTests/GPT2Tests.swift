import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

struct GPT2Tests {
    /// The weights, named without the head.
    private func bareTensors(_ golden: LanguageModelGolden) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for name in golden.folder.weights.tensorNames {
            tensors[String(name.dropFirst("transformer.".count))] = try golden.folder.weights.tensor(named: name)
        }
        return tensors
    }

    @Test("an adapter is written under PEFT's names, with the head, and read beside a base of either naming")
    func adapterNames() throws {
        let golden = try LanguageModelGolden("gpt2")
        let configuration = try GPT2.Configuration(json: golden.folder.configuration)
        let policy = AdapterPolicy(rank: 3, alpha: 6, targetModules: ["c_attn", "c_fc"])
        func model(
            _ weights: any TensorSource, _ adapter: (any TensorSource)? = nil
        ) throws -> (GPT2, Parameters) {
            let builder = ParameterBuilder(loading: weights, adapters: .init(policy, loading: adapter))
            return try ParameterBuilder.build(builder) { path throws(TorchError) in try GPT2(path, configuration) }
        }
        let bare = MemorySource(try bareTensors(golden))
        let (trained, parameters) = try model(bare)
        let generator = try Generator(seed: 5)
        for entry in parameters.trainable.entries {
            try entry.tensor.copy(from: generator.normal(entry.tensor.shape, deviation: 0.3))
        }
        let tokens = try golden.tensor("tokens")
        let expected = try trained.hidden(tokens)
        try withTemporaryFolder { folder in
            try AdapterFolder.write(parameters, policy, to: folder)
            let written = try AdapterFolder(folder).weights
            #expect(written.tensorNames.count == 8)
            #expect(written.tensorNames.allSatisfy { $0.hasPrefix("base_model.model.transformer.h.") })
            let entries = parameters.trainable.entries.map { ($0.name, $0.tensor) }
            #expect(entries.allSatisfy { $0.0.hasPrefix("base_model.model.h.") })
            let checkpoint = MemorySource(Dictionary(uniqueKeysWithValues: entries))
            for weights in [bare, golden.folder.weights] as [any TensorSource] {
                for adapter in [written, checkpoint] as [any TensorSource] {
                    #expect(try mismatch(model(weights, adapter).0.hidden(tokens), expected) == nil)
                }
            }
        }
    }

    @Test("files that name the model without its head, with their constants, load the same")
    func namesWithoutHead() throws {
        let golden = try LanguageModelGolden("gpt2")
        var tensors = try bareTensors(golden)
        tensors["h.0.attn.bias"] = try .ones([1, 1, 64, 64])
        tensors["h.1.attn.masked_bias"] = try .full([], -10000)
        let configuration = try GPT2.Configuration(json: golden.folder.configuration)
        let builder = ParameterBuilder(loading: MemorySource(tensors))
        let (model, _) = try ParameterBuilder.build(builder) { path throws(TorchError) in try GPT2(path, configuration)
        }
        #expect(try mismatch(model.logits(model.hidden(golden.tensor("tokens"))), golden.tensor("logits")) == nil)
    }

    @Test("what is written is read back the same")
    func roundTrip() throws {
        var configuration = GPT2.Configuration()
        (configuration.layerCount, configuration.residualDropout) = (3, 0)
        #expect(try GPT2.Configuration(json: configuration.json()) == configuration)
    }

    @Test("settings that change the computation are refused")
    func refusals() throws {
        let golden = try LanguageModelGolden("gpt2")
        let changes: [(String, Any)] = [
            ("activation_function", "relu"), ("scale_attn_weights", false), ("scale_attn_by_inverse_layer_idx", true),
            ("n_head", 3), ("model_type", "llama"),
        ]
        for (key, value) in changes {
            var root = try #require(JSONSerialization.jsonObject(with: golden.folder.configuration) as? [String: Any])
            root[key] = value
            let json = try JSONSerialization.data(withJSONObject: root)
            #expect("\(key)") { try GPT2.Configuration(json: json) } throws: { ($0 as? SettingError)?.key == key }
        }
    }

    @Test("sizes that no model has are refused, whether or not n_inner is said", arguments: [true, false])
    func bounds(saysInner: Bool) throws {
        for (key, value, most) in [("n_embd", 1 << 61, 1 << 31 - 1), ("n_layer", 65537, 65536)] {
            let data = try GPT2.Configuration().json()
            var root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            root[key] = value
            if !saysInner { root["n_inner"] = nil }
            let json = try JSONSerialization.data(withJSONObject: root)
            #expect(
                throws: SettingError(key: key, found: "\(value)", expected: "an integer of at most \(most)")
            ) { try GPT2.Configuration(json: json) }
        }
    }

    @Test("a position beyond the context is refused")
    func tooLong() throws {
        let (model, _) = try LanguageModelGolden("gpt2").model()
        #expect(throws: TorchError.self) { try model.hidden(randomTokens(1, 65, seed: 1)) }
    }
}
