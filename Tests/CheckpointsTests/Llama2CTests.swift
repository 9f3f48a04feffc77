import Checkpoints
import Foundation
import NN
import TestSupport
import Testing
import Torch

struct Llama2CTests {
    /// Width 8, inner width 12, 2 layers, 4 heads, 2 key-value heads, 10 tokens, context 6.
    private static let sizes: [Int32] = [8, 12, 2, 4, 2, 10, 6]
    /// Elements in the file's order: embedding, norms, Q, K, V, O, norms, w1, w2, w3, norm, tables.
    private static let elements = [80, 16, 128, 64, 64, 128, 16, 192, 192, 192, 8, 12]

    /// A file whose elements count up from 0.
    private func with(
        sizes: [Int32] = sizes, elements: Int = elements.reduce(0, +), _ body: (String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            var data = sizes.reduce(into: Data()) { data, size in
                withUnsafeBytes(of: size) { data.append(contentsOf: $0) }
            }
            for index in 0..<elements { withUnsafeBytes(of: Float(index)) { data.append(contentsOf: $0) } }
            try data.write(to: URL(fileURLWithPath: "\(folder)/model.bin"))
            try body("\(folder)/model.bin")
        }
    }

    @Test("every tensor lies where llama2.c writes it, under Hugging Face's name")
    func layout() throws {
        try with { path in
            let file = try Llama2CFile(path)
            let expected = [
                ("model.embed_tokens.weight", 0, [10, 8]), ("model.layers.0.input_layernorm.weight", 80, [8]),
                ("model.layers.1.input_layernorm.weight", 88, [8]),
                ("model.layers.1.self_attn.v_proj.weight", 320, [4, 8]),
                ("model.layers.0.self_attn.o_proj.weight", 352, [8, 8]),
                ("model.layers.1.post_attention_layernorm.weight", 488, [8]),
                ("model.layers.0.mlp.gate_proj.weight", 496, [12, 8]),
                ("model.layers.0.mlp.down_proj.weight", 688, [8, 12]),
                ("model.layers.0.mlp.up_proj.weight", 880, [12, 8]), ("model.norm.weight", 1072, [8]),
            ]
            for (name, offset, shape) in expected {
                #expect(file.shape(of: name) == shape, "\(name)")
                let values = try file.tensor(named: name).floats
                #expect(values == (offset..<offset + shape.reduce(1, *)).map(Float.init), "\(name)")
            }
            #expect(file.tensorNames.count == 2 + 9 * 2)
            #expect(file.shape(of: "lm_head.weight") == nil)
        }
    }

    @Test("the pairs of elements that rotate together are moved half a head apart")
    func rotatedPairs() throws {
        try with { path in
            // A head has two elements here, so nothing moves; with one head of 8, the even ones come first.
            let values = try Llama2CFile(path).tensor(named: "model.layers.0.self_attn.q_proj.weight").floats
            #expect(values == (96..<160).map(Float.init))
        }
        try with(sizes: [8, 12, 2, 1, 1, 10, 6], elements: 80 + 16 + 4 * 128 + 16 + 3 * 192 + 8 + 48) { path in
            let q = try Llama2CFile(path).tensor(named: "model.layers.0.self_attn.q_proj.weight")
            let rows = try q.sliced(1, 0..<1).floats.map { (Int($0) - 96) / 8 }
            #expect(rows == [0, 2, 4, 6, 1, 3, 5, 7])
        }
    }

    @Test("a negative vocabulary size means a head of its own")
    func ownHead() throws {
        var sizes = Self.sizes
        sizes[5] = -10
        try with(sizes: sizes, elements: Self.elements.reduce(0, +) + 80) { path in
            let file = try Llama2CFile(path)
            #expect(try file.tensor(named: "lm_head.weight").floats.first == Float(Self.elements.reduce(0, +)))
            let root = try #require(JSONSerialization.jsonObject(with: file.configuration()) as? [String: Any])
            #expect(root["tie_word_embeddings"] as? Bool == false && root["vocab_size"] as? Int == 10)
        }
    }

    @Test("a file of another length than its sizes add up to is refused", arguments: [-1, 1])
    func length(_ change: Int) throws {
        try with(elements: Self.elements.reduce(0, +) + change) { path in
            #expect { try Llama2CFile(path) } throws: { "\($0)".contains("as the sizes in its header add up to") }
        }
    }

    @Test(
        "sizes that make no Llama are refused",
        arguments: [
            [0, 12, 2, 4, 2, 10, 6], [8, 12, 2, 3, 1, 10, 6], [8, 12, 2, 4, 3, 10, 6], [8, 12, -2, 4, 2, 10, 6],
            [8, 12, 2, 8, 2, 10, 6], [8, 12, 2, 4, 2, 0, 6], [2_000_000_000, 12, 2, 4, 2, 10, 6],
            [8, 12, 2, 4, 2, .min, 6],
        ] as [[Int32]])
    func sizes(_ sizes: [Int32]) throws {
        try with(sizes: sizes) { path in
            #expect { try Llama2CFile(path) } throws: { "\($0)".contains("that make a Llama") }
        }
    }

    @Test("a file shorter than a header is refused")
    func tooShort() throws {
        try with(sizes: [8, 12], elements: 0) { path in #expect(throws: CheckpointError.self) { try Llama2CFile(path) }
        }
    }
}
