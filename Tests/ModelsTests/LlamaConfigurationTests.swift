import Foundation
import Models
import NN
import Testing

struct LlamaConfigurationTests {
    static var complete: [String: Any] {
        [
            "model_type": "llama", "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 4, "max_position_embeddings": 64,
        ]
    }

    private func read(_ changes: [String: Any] = [:], without absent: String? = nil) throws -> Llama.Configuration {
        var root = Self.complete.merging(changes) { $1 }
        if let absent { root[absent] = nil }
        return try Llama.Configuration(json: JSONSerialization.data(withJSONObject: root))
    }

    private func complaint(_ changes: [String: Any] = [:], without absent: String? = nil) -> SettingError? {
        do {
            _ = try read(changes, without: absent)
            return nil
        } catch {
            return error as? SettingError
        }
    }

    @Test("what a file leaves out takes the family's defaults")
    func defaults() throws {
        let llama = try read()
        #expect(llama.keyValueHeadCount == 4 && llama.headSize == 4 && llama.ropeTheta == 10000)
        #expect(!llama.tiesWordEmbeddings && llama.windows == [nil, nil])
        #expect(try read(["model_type": "gemma"]).tiesWordEmbeddings)
    }

    @Test("the keys of transformers 4 and 5 for rotation mean the same")
    func rotationKeys() throws {
        let scaling: [String: Any] = [
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        ]
        let old = try read(["rope_theta": 500000.0, "rope_scaling": scaling])
        let new = try read(["rope_parameters": scaling.merging(["rope_theta": 500000.0]) { $1 }])
        #expect(old == new && old.ropeTheta == 500000)
        #expect(old.ropeScaling?.originalContextLength == 32)
    }

    @Test("a sliding window counts for Mistral, and for Qwen 2 only where it says so")
    func windows() throws {
        #expect(try read(["model_type": "mistral", "sliding_window": 8]).windows == [8, 8])
        #expect(try read(["model_type": "mistral", "sliding_window": NSNull()]).windows == [nil, nil])
        let qwen: [String: Any] = ["model_type": "qwen2", "sliding_window": 8, "max_window_layers": 1]
        #expect(try read(qwen).windows == [nil, nil])
        #expect(try read(qwen.merging(["use_sliding_window": true]) { $1 }).windows == [nil, 8])
    }

    @Test("every key that is needed is named where it is missing", arguments: complete.keys.sorted())
    func missing(_ key: String) {
        let error = complaint(without: key)
        #expect(error?.key == key && error?.found == "missing")
    }

    @Test("what is not supported, or makes no model, is named")
    func refusals() {
        #expect(complaint(["model_type": "bert"])?.expected == "one of llama, mistral, gemma, qwen2")
        #expect(complaint(["rope_scaling": ["rope_type": "yarn", "factor": 2.0]])?.key == "rope_scaling.rope_type")
        #expect(complaint(["rope_scaling": ["type": "linear", "factor": 2.0]])?.found == "linear")
        #expect(
            complaint(["rope_scaling": ["rope_type": "llama3", "factor": 2.0]])?.key == "rope_scaling.low_freq_factor")
        #expect(complaint(["hidden_act": "relu"])?.description == "hidden_act is relu, expected silu")
        #expect(complaint(["vocab_size": "many"])?.key == "vocab_size")
        #expect(complaint(["vocab_size": 1.5])?.key == "vocab_size")
        #expect(complaint(["hidden_size": 0])?.expected == "an integer of at least 1")
        #expect(complaint(["num_key_value_heads": 3])?.key == "num_key_value_heads")
        #expect(complaint(["head_dim": 5])?.key == "head_dim")
        #expect(complaint(["tie_word_embeddings": 1])?.expected == "true or false")
        #expect(complaint(["attention_dropout": 1.0])?.key == "attention_dropout")
        #expect(complaint(["partial_rotary_factor": 0.5])?.key == "partial_rotary_factor")
        #expect(complaint(["quantization_config": ["bits": 4]])?.key == "quantization_config")
        #expect(throws: SettingError.self) { try Llama.Configuration(json: Data("[]".utf8)) }
    }

    @Test("sizes that no model has are refused before anything is made of them")
    func bounds() throws {
        #expect(
            complaint(["num_hidden_layers": 1_000_000_000_000_000])?.description
                == "num_hidden_layers is 1000000000000000, expected an integer of at most 65536")
        #expect(
            complaint(["hidden_size": 1 << 31])?.description
                == "hidden_size is 2147483648, expected an integer of at most 2147483647")
        #expect(try read(["vocab_size": 1 << 31 - 1]).vocabularySize == 1 << 31 - 1)
        #expect(try read(["model_type": "mistral", "num_hidden_layers": 1 << 16]).windows.count == 1 << 16)
    }

    @Test("what is written is read back the same", arguments: Llama.Family.allCases)
    func roundTrip(_ family: Llama.Family) throws {
        var configuration = try read(["model_type": family.rawValue, "num_key_value_heads": 2, "rope_theta": 500.0])
        configuration.tiesWordEmbeddings = true
        configuration.ropeScaling = .init(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 32)
        if family == .qwen2 { configuration.windows = [nil, 7] }
        if family == .mistral { configuration.windows = [7, 7] }
        #expect(try Llama.Configuration(json: configuration.json()) == configuration)
    }
}
