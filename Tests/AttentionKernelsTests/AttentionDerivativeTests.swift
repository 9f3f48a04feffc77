import AttentionKernels
import TestSupport
import Testing
import Torch

@Suite struct AttentionDerivativeTests {
    /// A learner and a sequence of sizes drawn by a seed.
    func random(_ seed: UInt64) throws -> (SelfAttention, Tensor) {
        let sizes = try Generator(seed: seed).uniform([4], in: 1..<7).values(as: Double.self).map { Int($0) }
        let learner = try SelfAttention(elementSize: sizes[0], width: sizes[1], outputs: sizes[2], seed: seed)
        return (learner, try .random([sizes[3], sizes[0]], seed: seed + 1000))
    }

    @Test("The closed form is autograd's derivative, for random sizes", arguments: 0..<25)
    func equalsAutograd(seed: UInt64) throws {
        let (learner, elements) = try random(seed)
        let found = try AttentionDerivative(learner, elements).jacobian()
        #expect(found.shape == [elements.size(0) * learner.outputs, learner.parameterCount])
        let expected = try learner.differentiable(on: [elements]).jacobian(of: 0)
        #expect(try mismatch(found, expected, Tolerance(absolute: 1e-10, relative: 0)) == nil)
    }

    @Test("A weighted sum's derivative is the sum of the weighted derivatives", arguments: 0..<5)
    func gradient(seed: UInt64) throws {
        let (learner, elements) = try random(seed)
        let derivative = try AttentionDerivative(learner, elements)
        let weights = try Tensor.random([elements.size(0), learner.outputs], seed: seed + 2000)
        let expected = try weights.reshaped(1, -1).matmul(derivative.jacobian()).reshaped(-1)
        func flat(_ x: (query: Tensor, key: Tensor, value: Tensor)) throws -> Tensor {
            try .concatenated([x.query, x.key, x.value].map { try $0.reshaped(-1) }, 0)
        }
        let tolerance = Tolerance(absolute: 1e-12, relative: 1e-12)
        #expect(try mismatch(flat(learner.gradient(elements, weights: weights)), expected, tolerance) == nil)
        let twice = try learner.gradient(
            .stacked([elements, elements]), weights: .stacked([weights, weights * 2]))
        #expect(try mismatch(flat(twice), expected * 3, tolerance) == nil)
    }

    @Test("The closed form is the derivative by central differences") func equalsFiniteDifferences() throws {
        let (learner, elements) = try (
            SelfAttention(elementSize: 3, width: 2, outputs: 2, seed: 4), Tensor.random([4, 3], seed: 5)
        )
        let expected = try learner.differentiable(on: [elements]).numericalJacobian()
        #expect(try mismatch(AttentionDerivative(learner, elements).jacobian(), expected, .numerical) == nil)
    }

    @Test("Importance factors add up to 0 over the elements, attention to 1") func sums() throws {
        let (learner, elements) = try random(7)
        let derivative = try AttentionDerivative(learner, elements)
        #expect(try derivative.importance.sum(-1).abs().max().item() < 1e-12)
        #expect(try (derivative.attention.sum(-1) - 1).abs().max().item() < 1e-12)
    }

    @Test("Derivatives follow the order of the elements", arguments: 0..<5)
    func equivariance(seed: UInt64) throws {
        let learner = try SelfAttention(elementSize: 4, width: 3, outputs: 2, seed: seed)
        let elements = try Tensor.random([6, 4], seed: seed + 50)
        let order = try Generator(seed: seed).uniform([6]).sorted().indices
        let plain = try AttentionDerivative(learner, elements)
        let moved = try AttentionDerivative(learner, elements.selected(0, order))
        let tolerance = Tolerance(absolute: 1e-12, relative: 0)
        #expect(try mismatch(moved.byQuery(), plain.byQuery().selected(0, order), tolerance) == nil)
        #expect(try mismatch(moved.byKey(), plain.byKey().selected(0, order), tolerance) == nil)
        #expect(try mismatch(moved.byValue(), plain.byValue().selected(0, order), tolerance) == nil)
        let importance = try plain.importance.selected(0, order).selected(2, order)
        #expect(try mismatch(moved.importance, importance, tolerance) == nil)
    }

    @Test("Shapes do not depend on the sequence's length, and repeating every element changes no derivative")
    func length() throws {
        let learner = try SelfAttention(elementSize: 4, width: 3, outputs: 2, seed: 1)
        let elements = try Tensor.random([5, 4], seed: 2)
        let plain = try AttentionDerivative(learner, elements)
        let doubled = try AttentionDerivative(learner, .concatenated([elements, elements], 0))
        #expect(try doubled.byKey().shape == [10, 2, 4, 3])
        let tolerance = Tolerance(absolute: 1e-12, relative: 0)
        #expect(try mismatch(doubled.jacobian().sliced(0, 0..<10), plain.jacobian(), tolerance) == nil)
        // Other elements do change them: it is the shape that is independent, not the value.
        let longer = try AttentionDerivative(learner, .concatenated([elements, Tensor.random([1, 4], seed: 3)], 0))
        #expect(try mismatch(longer.jacobian().sliced(0, 0..<10), plain.jacobian(), tolerance) != nil)
    }

    @Test("The kernel in closed form is that of the derivatives, for sequences of different lengths", arguments: 0..<8)
    func kernel(seed: UInt64) throws {
        let (learner, elements) = try random(seed)
        let other = try Tensor.random([3, learner.elementSize], seed: seed + 77)
        let (a, b) = (try AttentionDerivative(learner, elements), try AttentionDerivative(learner, other))
        let expected = try a.jacobian().matmul(b.jacobian().transposed(0, 1))
        #expect(try mismatch(a.kernel(b), expected, Tolerance(absolute: 1e-10, relative: 1e-10)) == nil)
        #expect(
            try mismatch(b.kernel(a), expected.transposed(0, 1), Tolerance(absolute: 1e-10, relative: 1e-10)) == nil)
    }

    @Test("A sequence of another element size is an error that names both") func wrongShape() throws {
        let learner = try SelfAttention(elementSize: 4, width: 3, outputs: 2, seed: 1)
        let error = #expect(throws: AntkError.self) {
            _ = try AttentionDerivative(learner, .zeros([5, 3], dtype: .float64))
        }
        #expect(error?.description == "a sequence has the shape [5, 3], expected [n, 4] with n of at least 1")
    }
}
