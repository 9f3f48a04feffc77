import Models
import NN
import TestSupport
import Testing
import Torch

struct LlamaLayoutTests {
    /// The logits of `tokens` [1, T] on their own.
    private func alone(_ model: any LanguageModel, _ tokens: Tensor) throws -> Tensor {
        try model.logits(model.hidden(tokens))
    }

    @Test("a packed example gets the same logits as alone", arguments: LanguageModelGolden.families)
    func packed(_ family: String) throws {
        let (model, _) = try LanguageModelGolden(family).model()
        let lengths = [[5, 7, 4], [9, 1, 6]]
        let tokens = try randomTokens(2, 16, seed: 1)
        let segments = lengths.map { row in row.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        }
        let logits = try model.logits(model.hidden(tokens, layout: TokenLayout(segments: segments)))
        for (row, parts) in lengths.enumerated() {
            var start = 0
            for length in parts {
                func cut(_ x: Tensor) throws -> Tensor {
                    try x.sliced(0, row..<row + 1).sliced(1, start..<start + length)
                }
                #expect(try mismatch(cut(logits), alone(model, cut(tokens))) == nil, "row \(row) from \(start)")
                start += length
            }
        }
    }

    @Test("an example with padding behind it gets the same logits as alone", arguments: LanguageModelGolden.families)
    func paddedBehind(_ family: String) throws {
        let (model, _) = try LanguageModelGolden(family).model()
        let tokens = try randomTokens(1, 11, seed: 2)
        let padded = try Tensor.concatenated([tokens, .zeros([1, 6], dtype: .int64)], 1)
        let logits = try model.logits(model.hidden(padded)).sliced(1, 0..<11)
        #expect(try mismatch(logits, alone(model, tokens)) == nil)
    }

    @Test("an example with padding before it gets the same logits as alone", arguments: LanguageModelGolden.families)
    func paddedBefore(_ family: String) throws {
        let (model, _) = try LanguageModelGolden(family).model()
        let tokens = try randomTokens(1, 11, seed: 3)
        let padded = try Tensor.concatenated([.zeros([1, 6], dtype: .int64), tokens], 1)
        let layout = try TokenLayout(segments: [Array(repeating: -1, count: 6) + Array(repeating: 0, count: 11)])
        let logits = try model.logits(model.hidden(padded, layout: layout)).sliced(1, 6..<17)
        #expect(try mismatch(logits, alone(model, tokens)) == nil)
    }

    @Test("tokens fed one by one through a cache get the logits of the whole", arguments: LanguageModelGolden.families)
    func cached(_ family: String) throws {
        let (model, _) = try LanguageModelGolden(family).model()
        let tokens = try randomTokens(2, 20, seed: 4)
        try withoutGradients {
            let whole = try model.logits(model.hidden(tokens))
            let cache = KeyValueCache()
            var parts: [Tensor] = []
            // A prompt, one token at a time, then several at once.
            for range in [0..<6] + (6..<15).map({ $0..<$0 + 1 }) + [15..<20] {
                parts.append(try model.hidden(tokens.sliced(1, range), cache: cache))
            }
            #expect(cache.count == 20)
            #expect(try mismatch(model.logits(.concatenated(parts, 1)), whole) == nil)
        }
    }

    @Test(
        "prompts of unequal length continue through a cache as they would alone",
        arguments: LanguageModelGolden.families)
    func cachedBehindPadding(_ family: String) throws {
        let (model, _) = try LanguageModelGolden(family).model()
        let tokens = try randomTokens(2, 12, seed: 5)
        let layout = try TokenLayout(segments: [
            Array(repeating: 0, count: 12), [-1, -1, -1, -1] + Array(repeating: 0, count: 8),
        ])
        try withoutGradients {
            let cache = KeyValueCache()
            _ = try model.hidden(tokens.sliced(1, 0..<11), layout: layout.sliced(0..<11), cache: cache)
            let last = try model.hidden(tokens.sliced(1, 11..<12), layout: layout.sliced(11..<12), cache: cache)
            let short = try tokens.sliced(0, 1..<2).sliced(1, 4..<12)
            let expected = try model.hidden(short).sliced(1, 7..<8)
            #expect(try mismatch(last.sliced(0, 1..<2), expected) == nil)
        }
    }
}
