import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

struct GPT2Tests {
    @Test("files that name the model without its head, with their constants, load the same")
    func namesWithoutHead() throws {
        let golden = try LanguageModelGolden("gpt2")
        var tensors: [String: Tensor] = [:]
        for name in golden.folder.weights.tensorNames {
            tensors[String(name.dropFirst("transformer.".count))] = try golden.folder.weights.tensor(named: name)
        }
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
