import TestSupport
import Testing
import Torch

/// Layers that are one pass in float32, against their plain compositions in float64, which libtorch computes.
@Suite struct SinglePassTests {
    private static let tolerance = Tolerance(absolute: 2e-5, relative: 2e-5)

    /// The result and the gradients of the inputs, under fixed weights so that every element counts.
    private static func outcome(
        _ inputs: [Tensor], _ dtype: DType, _ body: ([Tensor]) throws -> Tensor
    ) throws -> [Tensor] {
        let leaves = try inputs.map { try $0.to(dtype).clone().requiringGradient() }
        let out = try body(leaves)
        try (out * Generator(seed: 99).normal(out.shape).to(dtype)).sum().backward()
        return try [out.detached()] + leaves.map { try #require(try $0.gradient()) }
    }

    /// A sentence for each of the results that differ.
    private static func mismatches(
        _ inputs: [Tensor], _ body: ([Tensor]) throws -> Tensor, composed: ([Tensor]) throws -> Tensor
    ) throws -> [String] {
        let (found, expected) = (try outcome(inputs, .float32, body), try outcome(inputs, .float64, composed))
        return try zip(found, expected).compactMap { try mismatch($0.to(.float64), $1, tolerance) }
    }

    private static func normal(_ shape: [Int], _ seed: UInt64, deviation: Double = 1) throws -> Tensor {
        try Generator(seed: seed).normal(shape, deviation: deviation)
    }

    @Test("Root-mean-square normalisation and its gradients", arguments: [[3, 50, 48], [300, 16], [5, 7, 20]])
    func rmsNorm(shape: [Int]) throws {
        let inputs = [try Self.normal(shape, 1), try Self.normal([shape[shape.count - 1]], 2)]
        let found = try Self.mismatches(inputs) {
            try $0[0].rmsNorm($0[1], epsilon: 1e-6)
        } composed: {
            let squares = try $0[0].square().mean(-1, keepDimensions: true)
            return try $0[0] * (squares + 1e-6).rsqrt() * $0[1]
        }
        #expect(found.isEmpty)
    }

    @Test(
        "Layer normalisation and its gradients, far from zero too", arguments: [0, 5.0],
        [[3, 50, 48], [299, 16], [5, 7, 20]])
    func layerNorm(mean: Double, shape: [Int]) throws {
        let width = shape[shape.count - 1]
        let inputs = [
            try Self.normal(shape, 11) + mean, try Self.normal([width], 12), try Self.normal([width], 13),
        ]
        let found = try Self.mismatches(inputs) {
            try $0[0].layerNorm($0[1], $0[2], epsilon: 1e-6)
        } composed: {
            let distances = try $0[0] - $0[0].mean(-1, keepDimensions: true)
            let squares = try distances.square().mean(-1, keepDimensions: true)
            return try distances * (squares + 1e-6).rsqrt() * $0[1] + $0[2]
        }
        #expect(found.isEmpty)
    }

    @Test("A gated unit and its gradients, far from zero too", arguments: [1, 30.0], [[4, 9, 32], [3, 5]])
    func gatedUnit(deviation: Double, shape: [Int]) throws {
        let inputs = [try Self.normal(shape, 3, deviation: deviation), try Self.normal(shape, 4)]
        let found = try Self.mismatches(inputs) {
            try $0[0].siluProduct($0[1])
        } composed: {
            try $0[0] * $0[0].sigmoid() * $0[1]
        }
        #expect(found.isEmpty)
    }

    @Test("GELU by a hyperbolic tangent and its gradient", arguments: [1, 8.0], [[6, 64], [7, 3]])
    func gelu(deviation: Double, shape: [Int]) throws {
        let found = try Self.mismatches([try Self.normal(shape, 5, deviation: deviation)]) {
            try $0[0].gelu(tanhApproximation: true)
        } composed: {
            let (x, root) = ($0[0], (2 / Double.pi).squareRoot())
            return try x * (((x + x.pow(3) * 0.044715) * root).tanh() + 1) * 0.5
        }
        #expect(found.isEmpty)
    }

    /// Heads of 12, 48 and 64 elements: without, beside and of whole vectors in each half.
    @Test("Rotation of a transposed view and its gradient", arguments: [12, 48, 64], [1, 2])
    func rotation(features: Int, angleRows: Int) throws {
        let angles = try Self.normal([angleRows, 1, 9, features], 6)
        let (cosine, sine) = (try angles.cos(), try angles.sin())
        let found = try Self.mismatches([try Self.normal([2, 9, 3, features], 7)]) {
            try $0[0].transposed(1, 2).rotated(cosine: cosine, sine: sine)
        } composed: {
            let (x, half) = (try $0[0].transposed(1, 2), features / 2)
            let turned = try Tensor.concatenated([-x.sliced(-1, half..<features), x.sliced(-1, 0..<half)], -1)
            return try x * cosine.to(.float64) + turned * sine.to(.float64)
        }
        #expect(found.isEmpty)
    }

    @Test("The cross-entropy of a vocabulary of whole vectors and of none, scores far apart", arguments: [96, 160, 37])
    func crossEntropy(vocabulary: Int) throws {
        let inputs = [try Self.normal([11, 8], 8, deviation: 3), try Self.normal([vocabulary, 8], 9)]
        let targets = try Tensor((0..<11).map { Int64($0 * 7 % vocabulary) })
        let found = try Self.mismatches(inputs) {
            try $0[0].linearCrossEntropy($0[1], targets).losses
        } composed: {
            try $0[0].linear($0[1]).crossEntropy(targets, reduction: .none)
        }
        #expect(found.isEmpty)
    }

    @Test("A score that is no number makes the loss none", arguments: [Float.nan, .infinity])
    func spoiltScores(value: Float) throws {
        let hidden = try Tensor([1, 1, value, 1], shape: [2, 2])
        let losses: [Float] = try hidden.linearCrossEntropy(
            Self.normal([32, 2], 10), Tensor([Int64(3), 4])
        ).losses.values()
        #expect(losses[0].isFinite && !losses[1].isFinite)
    }
}

/// Runs apart from everything else that depends on the process-wide choice of kernels.
@Suite(.serialized) struct TransposedLinearTests {
    @Test("A map whose weight lies as [in, out] is the same on oneDNN's kernels, gradients and their layout too")
    func transposed() throws {
        let generator = try Generator(seed: 22)
        let operands = try [
            generator.normal([3, 70, 96]), generator.normal([96, 128], deviation: 0.1), generator.normal([128]),
        ]
        func run() throws -> [Tensor] {
            let leaves = try operands.map { try $0.clone().requiringGradient() }
            let out = try leaves[0].linear(leaves[1].transposed(0, 1), leaves[2])
            try out.square().mean().backward()
            return try [out.detached()] + leaves.map { try #require(try $0.gradient()) }
        }
        let expected = try run()
        Engine.linearKernels = .fast
        defer { Engine.linearKernels = .standard }
        let found = try run()
        for (mine, theirs) in zip(found, expected) { #expect(try mismatch(mine, theirs) == nil) }
        #expect(found[2].isContiguous)
    }
}
