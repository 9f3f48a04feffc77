import NN
import TestSupport
import Testing
import Torch

@Suite struct ModuleTests {
    private func loaded<Module>(
        _ tensors: [String: Tensor], _ body: (Path) throws(TorchError) -> Module
    ) throws -> Module {
        let builder = ParameterBuilder(loading: MemorySource(tensors))
        return try ParameterBuilder.build(builder) { path throws(TorchError) in try body(path) }.0
    }

    @Test("A linear layer is x Wᵀ + b")
    func linear() throws {
        let weights = [
            "weight": try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [3, 2]), "bias": try Tensor([Float(10), 20, 30]),
        ]
        let layer = try loaded(weights) { path throws(TorchError) in try Linear(path, from: 2, to: 3) }
        let y = try layer(Tensor([Float(1), -1, 0, 2], shape: [2, 1, 2]))
        #expect(y.shape == [2, 1, 3])
        #expect(try y.floats == [9, 19, 29, 14, 28, 42])
    }

    @Test("A layer norm centres and scales each vector, then applies its weights")
    func layerNorm() throws {
        let weights = ["weight": try Tensor([Float(1), 2, 1, 1]), "bias": try Tensor([Float(0), 0, 0, 5])]
        let norm = try loaded(weights) { path throws(TorchError) in try LayerNorm(path, features: 4, epsilon: 0) }
        // Mean 4, population variance 5.
        let found = try norm(Tensor([Float(1), 3, 5, 7]))
        let root = Float(5).squareRoot()
        #expect(try mismatch(found, Tensor([-3 / root, -2 / root, 1 / root, 3 / root + 5])) == nil)
    }

    @Test("An embedding looks rows up")
    func embedding() throws {
        let weights = ["weight": try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [3, 2])]
        let table = try loaded(weights) { path throws(TorchError) in try Embedding(path, count: 3, features: 2) }
        let rows = try table(Tensor([Int64(2), 0, 2, 1], shape: [2, 2]))
        #expect(rows.shape == [2, 2, 2])
        #expect(try rows.floats == [5, 6, 1, 2, 5, 6, 3, 4])
    }
}
