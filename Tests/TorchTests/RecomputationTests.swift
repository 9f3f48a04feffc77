import TestSupport
import Testing
import Torch

@Suite("Recomputation") struct RecomputationTests {
    private let weight, input: Tensor

    init() throws {
        let generator = try Generator(seed: 5)
        weight = try generator.normal([6, 6]).requiringGradient()
        input = try generator.normal([4, 6])
    }

    private final class Token: Sendable {}

    @Test("value and gradients are those without it", arguments: [false, true])
    func equal(inputIsLeaf: Bool) throws {
        func outcome(_ isRecomputed: Bool) throws -> [Tensor?] {
            let x = try input.clone().requiringGradient(inputIsLeaf)
            let w = try weight.detached().clone().requiringGradient()
            let block: @Sendable (Tensor) throws(TorchError) -> Tensor = { x throws(TorchError) in
                try x.linear(w).gelu().linear(w).tanh() + x
            }
            let first = try isRecomputed ? x.recomputing(block) : block(x)
            let second = try isRecomputed ? first.recomputing(block) : block(first)
            try second.square().sum().backward()
            return try [second.detached(), w.gradient(), x.gradient()]
        }
        let (kept, again) = (try outcome(false), try outcome(true))
        #expect(kept.map { $0 != nil } == [true, true, inputIsLeaf])
        #expect(again.map { $0 != nil } == [true, true, inputIsLeaf])
        for case (let mine?, let theirs?) in zip(again, kept) { #expect(try mismatch(mine, theirs) == nil) }
    }

    @Test("under autocast the block computes as it did, though the backward pass runs outside") func autocast() throws {
        func outcome(_ isRecomputed: Bool) throws -> [Tensor] {
            let w = try weight.detached().clone().requiringGradient()
            let block: @Sendable (Tensor) throws(TorchError) -> Tensor = { x throws(TorchError) in
                let y = try x.linear(w)
                return try (y.dtype == .bfloat16 ? y : y * .nan).to(.float32)
            }
            let out = try Engine.autocast(to: .bfloat16) { () throws(TorchError) in
                try isRecomputed ? input.recomputing(block) : block(input)
            }
            try out.square().sum().backward()
            return try [out.detached(), #require(try w.gradient())]
        }
        for (mine, theirs) in zip(try outcome(true), try outcome(false)) {
            #expect(try mine.floats == theirs.floats)
            #expect(try mine.floats.allSatisfy(\.isFinite))
        }
    }

    @Test("nothing is kept, or made again, where no gradient is asked for") func withoutGraph() throws {
        let result = try withoutGradients { () throws(TorchError) in
            try input.recomputing { x throws(TorchError) in try x.linear(weight) }
        }
        #expect(!result.requiresGradient)
    }

    @Test("the block lives as long as the graph") func release() throws {
        weak var seen: Token?
        do {
            let token = Token()
            seen = token
            let result = try input.recomputing { [weight] x throws(TorchError) in
                _ = token
                return try x.linear(weight)
            }
            #expect(result.requiresGradient)
        }
        #expect(seen == nil)
    }

    @Test("what the block throws comes out, forwards and backwards") func errors() throws {
        #expect(throws: TorchError.self) {
            try input.recomputing { [weight] x throws(TorchError) in try x.matmul(weight.sliced(0, 0..<2)) }
        }
        let leaf = try input.clone().requiringGradient()
        let isSecond = Flag()
        let result = try leaf.recomputing { [weight] x throws(TorchError) in
            try isSecond.raise() ? x.matmul(weight.sliced(0, 0..<2)) : x.linear(weight)
        }
        let error = #expect(throws: TorchError.self) { try result.sum().backward() }
        #expect(error?.message.contains("mat1 and mat2 shapes cannot be multiplied") == true)
    }

    /// Whether it was raised before; both calls come from the test's thread.
    private final class Flag: @unchecked Sendable {
        private var isRaised = false
        func raise() -> Bool {
            defer { isRaised = true }
            return isRaised
        }
    }
}
