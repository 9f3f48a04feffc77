import Models
import NN
import TestSupport
import Testing
import Torch

struct LlamaElementsTests {
    static let configuration = {
        var result = Llama.Configuration()
        (result.vocabularySize, result.hiddenSize, result.intermediateSize) = (40, 16, 24)
        (result.layerCount, result.headCount, result.keyValueHeadCount, result.headSize) = (4, 4, 2, 4)
        (result.contextLength, result.windows, result.initializerRange) = (64, Array(repeating: nil, count: 4), 0.3)
        return result
    }()

    private func model() throws -> (Llama, Parameters) {
        try ParameterBuilder.build(ParameterBuilder(seed: 3)) { path throws(TorchError) in
            try Llama(path, Self.configuration)
        }
    }

    private func subset(_ rows: [[Int64]]) throws -> ElementSubset {
        ElementSubset(indices: try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]))
    }

    @Test("all tokens as the subset change nothing")
    func wholeSubset() throws {
        let (model, _) = try model()
        let tokens = try randomTokens(2, 9, seed: 1)
        let all = try subset([Array(0..<9), Array(0..<9)])
        #expect(try mismatch(model.hidden(tokens, elements: all), model.hidden(tokens)) == nil)
    }

    @Test("what the middle layers do not see cannot change what they say of the rest")
    func unseenTokens() throws {
        let (model, parameters) = try model()
        // With a silent last layer and first-layer attention, states are the middle layers' own.
        for entry in parameters.entries
        where entry.name.contains("layers.0.") || entry.name.contains("layers.3.") {
            if entry.name.hasSuffix("o_proj.weight") || entry.name.hasSuffix("down_proj.weight") {
                try entry.tensor.fill(0)
            }
        }
        let seen = try subset([[0, 2, 3, 7]])
        let tokens: [Int64] = [5, 9, 13, 2, 30, 31, 8, 1]
        let other: [Int64] = [5, 19, 13, 2, 11, 12, 18, 1]
        let first = try model.hidden(Tensor(tokens, shape: [1, 8]), elements: seen)
        let second = try model.hidden(Tensor(other, shape: [1, 8]), elements: seen)
        #expect(try mismatch(seen.of(first), seen.of(second)) == nil)
        // Unseen tokens pass by: with silent outer layers, what is left of them is their normalised embedding.
        let embedding = try #require(parameters.entries.first { $0.name == "model.embed_tokens.weight" }).tensor
        let expected = try embedding.embedding(Tensor([Int64(9)])).rmsNorm(nil, epsilon: 1e-6)
        #expect(try mismatch(first.sliced(1, 1..<2).squeezed(0), expected) == nil)
    }

    @Test("seen tokens keep their positions and see only seen ones before them")
    func positionsAndOrder() throws {
        let (model, _) = try model()
        let seen = try subset([[1, 4, 6]])
        let tokens = try randomTokens(1, 8, seed: 2)
        var later = try tokens.integers.map(Int64.init)
        later[6] = (later[6] + 1) % 40
        let changed = try Tensor(later, shape: [1, 8])
        let (a, b) = (try model.hidden(tokens, elements: seen), try model.hidden(changed, elements: seen))
        #expect(try mismatch(a.sliced(1, 0..<6), b.sliced(1, 0..<6)) == nil)
        #expect(try mismatch(a.sliced(1, 6..<8), b.sliced(1, 6..<8)) != nil)
    }

    @Test("a packed row may have a subset too, with the hidden states each part has alone")
    func packedSubset() throws {
        let (model, _) = try model()
        let tokens = try randomTokens(1, 12, seed: 3)
        let layout = try TokenLayout(segments: [[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]])
        let packed = try model.hidden(tokens, layout: layout, elements: subset([[0, 3, 4, 6, 7, 11]]))
        let first = try model.hidden(tokens.sliced(1, 0..<5), elements: subset([[0, 3, 4]]))
        let second = try model.hidden(tokens.sliced(1, 5..<12), elements: subset([[1, 2, 6]]))
        #expect(try mismatch(packed, .concatenated([first, second], 1)) == nil)
    }

    @Test("gradients reach every parameter through a subset")
    func gradients() throws {
        let (model, parameters) = try model()
        let hidden = try model.hidden(randomTokens(1, 8, seed: 4), elements: subset([[1, 2, 5]]))
        try model.logits(hidden).square().mean().backward()
        for entry in parameters.entries {
            let gradient = try #require(try entry.tensor.gradient())
            #expect(try gradient.abs().max().item() > 0, "\(entry.name)")
        }
    }
}
