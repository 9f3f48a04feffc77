import Models
import NN
import TestSupport
import Testing
import Torch

struct LlamaLossTests {
    private let generator: Generator
    private let hidden, head, targets, weights: Tensor

    init() throws {
        generator = try Generator(seed: 8)
        hidden = try generator.normal([23, 6])
        head = try generator.normal([11, 6])
        targets = try (generator.uniform([23]) * 11).floor().to(.int64)
        weights = try generator.normal([23])
    }

    /// Losses and the gradients of their weighted sum.
    private func outcome(
        _ losses: (_ hidden: Tensor, _ head: Tensor) throws -> Tensor
    ) throws -> (losses: Tensor, gradients: [Tensor?]) {
        let (h, w) = (try hidden.clone().requiringGradient(), try head.clone().requiringGradient())
        let result = try losses(h, w)
        let gradients = try Tensor.gradients(of: [result], weightedBy: [weights], withRespectTo: [h, w])
        return (result, gradients)
    }

    @Test(
        "the chunked loss and its gradients equal the plain composition's, for any chunk and any share of logits kept",
        arguments: [(1, 0), (44, 0), (44, 400), (55, 1 << 20), (1 << 20, 0), (1 << 20, 1 << 20)])
    func equalsPlain(_ elements: Int, _ kept: Int) throws {
        var limits = Tensor.LinearCrossEntropyLimits()
        (limits.chunkElements, limits.keptBytes) = (elements, kept)
        let plain = try outcome { try $0.linear($1).crossEntropy(targets, reduction: .none) }
        let chunked = try outcome { try $0.linearCrossEntropy($1, targets, limits: limits).losses }
        #expect(try mismatch(chunked.losses, plain.losses) == nil)
        for (found, expected) in zip(chunked.gradients, plain.gradients) {
            #expect(try mismatch(#require(found), #require(expected)) == nil)
        }
    }

    @Test(
        "rows without a gradient take no part, and the others' gradients stay the plain composition's",
        arguments: [(44, 0), (44, 400), (1 << 20, 1 << 20)], [0..<23, 4..<9, 0..<0])
    func partOfTheRows(_ limit: (elements: Int, kept: Int), _ taught: Range<Int>) throws {
        var limits = Tensor.LinearCrossEntropyLimits()
        (limits.chunkElements, limits.keptBytes) = limit
        let mask = try Tensor((0..<23).map { taught.contains($0) && $0 % 3 != 1 ? Float(1) : 0 })
        let plain = try outcome { try $0.linear($1).crossEntropy(targets, reduction: .none) * mask }
        let chunked = try outcome { try $0.linearCrossEntropy($1, targets, limits: limits).losses * mask }
        #expect(try mismatch(chunked.losses, plain.losses) == nil)
        for (found, expected) in zip(chunked.gradients, plain.gradients) {
            #expect(try mismatch(#require(found), #require(expected)) == nil)
        }
    }

    @Test("a frozen head takes no gradient and the states' stays the same")
    func frozenHead() throws {
        let h = try hidden.clone().requiringGradient()
        let expected = try Tensor.gradients(
            of: [h.linear(head).crossEntropy(targets, reduction: .none)], weightedBy: [weights], withRespectTo: [h])
        let found = try Tensor.gradients(
            of: [h.linearCrossEntropy(head, targets).losses], weightedBy: [weights], withRespectTo: [h])
        #expect(try mismatch(#require(found[0]), #require(expected[0])) == nil)
    }

    @Test("details are the softmax's own")
    func details() throws {
        let details = try #require(try hidden.linearCrossEntropy(head, targets, detailed: true).details)
        let probabilities = try hidden.linear(head).softmax(-1)
        #expect(try mismatch(details.squaredProbabilities, probabilities.square().sum(-1)) == nil)
        #expect(try mismatch(details.hits, probabilities.argmax(-1).equal(targets).to(.float32)) == nil)
    }

    @Test("a target outside the vocabulary and states that do not fit the head are refused")
    func refusals() throws {
        #expect(throws: TorchError.self) { try hidden.linearCrossEntropy(head, targets + 11) }
        #expect(throws: TorchError.self) { try hidden.linearCrossEntropy(head.sliced(1, 0..<5), targets) }
        #expect(throws: TorchError.self) { try hidden.linearCrossEntropy(head, targets.sliced(0, 0..<5)) }
    }

    @Test("under autocast to bfloat16 the loss is close and the gradients are fp32")
    func autocast() throws {
        let plain = try outcome { try $0.linear($1).crossEntropy(targets, reduction: .none) }
        let mixed = try outcome { h, w in
            try Engine.autocast(to: .bfloat16) { () throws(TorchError) in try h.linearCrossEntropy(w, targets).losses }
        }
        #expect(mixed.losses.dtype == .float32)
        #expect(try mismatch(mixed.losses, plain.losses, Tolerance(absolute: 0.05, relative: 0.02)) == nil)
        for (found, expected) in zip(mixed.gradients, plain.gradients) {
            #expect(try #require(found).dtype == .float32)
            #expect(try mismatch(#require(found), #require(expected), Tolerance(absolute: 0.1, relative: 0.05)) == nil)
        }
    }

    @Test("an example's loss is the mean over its own places, whatever shares its batch")
    func exampleMeans() throws {
        let (model, _) = try LanguageModelGolden("llama").model()
        let tokens = try randomTokens(2, 6, seed: 1)
        let labels = [[3, -100, 5, 6, -100, -100], [-100, 1, -100, -100, -100, -100]]
        let hidden = try model.hidden(tokens)
        let together = try model.losses(hidden, LanguageTargets(labels: labels))
        let logProbabilities = try model.logits(hidden).logSoftmax(-1).doubles
        func loss(_ row: Int, _ column: Int) -> Double {
            -logProbabilities[(row * 6 + column) * 40 + labels[row][column]]
        }
        let expected = [(loss(0, 0) + loss(0, 2) + loss(0, 3)) / 3, loss(1, 1)]
        for (found, expected) in zip(try together.examples.doubles, expected) { #expect(found.isNear(expected, 1e-5)) }
        let second = try LanguageTargets(labels: [labels[1]])
        let alone = try model.losses(hidden.sliced(0, 1..<2), second)
        #expect(try mismatch(alone.examples, together.examples.sliced(0, 1..<2)) == nil)
    }

    @Test("rows that hold several examples give each its own mean")
    func packedMeans() throws {
        let (model, _) = try LanguageModelGolden("llama").model()
        let hidden = try model.hidden(randomTokens(1, 5, seed: 2))
        let targets = try LanguageTargets(labels: [[1, 2, -1, 3, 4]], owners: [[0, 0, 0, 2, 2]], exampleCount: 3)
        let losses = try model.losses(hidden, targets)
        let tokens = try losses.tokens.doubles
        let expected = [(tokens[0] + tokens[1]) / 2, 0, (tokens[2] + tokens[3]) / 2]
        for (found, expected) in zip(try losses.examples.doubles, expected) { #expect(found.isNear(expected, 1e-6)) }
    }

    @Test("residuals are the norms of softmax minus one-hot")
    func residuals() throws {
        let (model, _) = try LanguageModelGolden("qwen2").model()
        let hidden = try model.hidden(randomTokens(1, 4, seed: 3))
        let targets = try LanguageTargets(labels: [[1, 2, 3, 4]])
        let found = try #require(try model.losses(hidden, targets, detailed: true).residuals())
        let oneHot = try targets.tokens.oneHot(classes: 40).to(.float32)
        let expected = try (model.logits(hidden).squeezed(0).softmax(-1) - oneHot).norm(-1)
        #expect(try mismatch(found, expected) == nil)
    }
}
