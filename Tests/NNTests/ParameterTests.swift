import NN
import TestSupport
import Testing
import Torch

@Suite struct ParameterTests {
    private func build(
        _ builder: ParameterBuilder, _ body: (Path) throws(TorchError) -> Void
    ) throws -> Parameters {
        try ParameterBuilder.build(builder) { path throws(TorchError) in try body(path) }.1
    }

    @Test("A path joins its components with dots, and starts without one")
    func naming() throws {
        let path = Path(ParameterBuilder(seed: 0))
        #expect(path.name == "")
        #expect((path / "vit" / "layer" / 3 / "norm").name == "vit.layer.3.norm")
        let parameters = try build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
            _ = try Linear(path / "head", from: 3, to: 2)
            _ = try LayerNorm(path / "norm", features: 4, epsilon: 1e-6)
            _ = try Linear(path / "plain", from: 2, to: 2, bias: false)
            _ = try Embedding(path / "table", count: 5, features: 2)
            _ = try path.parameter("token", [1], .zeros)
        }
        #expect(
            parameters.entries.map(\.name) == [
                "head.weight", "head.bias", "norm.weight", "norm.bias", "plain.weight", "table.weight", "token",
            ])
        #expect(parameters.count == 6 + 2 + 4 + 4 + 4 + 10 + 1)
        #expect(parameters.entries.allSatisfy { $0.tensor.requiresGradient })
    }

    @Test("A weight's start depends on the seed and its name, not on what is made before it")
    func initialisation() throws {
        func weights(_ names: [String], seed: UInt64) throws -> [String: [Float]] {
            let parameters = try build(ParameterBuilder(seed: seed)) { path throws(TorchError) in
                for name in names { _ = try Linear(path / name, from: 4, to: 4) }
            }
            return try Dictionary(uniqueKeysWithValues: parameters.entries.map { ($0.name, try $0.tensor.floats) })
        }
        let first = try weights(["a", "b"], seed: 1)
        #expect(try weights(["c", "b", "a"], seed: 1)["a.weight"] == first["a.weight"])
        #expect(try weights(["b"], seed: 1)["b.weight"] == first["b.weight"])
        #expect(first["a.weight"] != first["b.weight"])
        for seed: UInt64 in [0, 2, 1 << 32 + 1, .max] {
            #expect(try weights(["a"], seed: seed)["a.weight"] != first["a.weight"], "seed \(seed)")
        }
    }

    @Test("Initialisers keep their moments and bounds")
    func initialisers() throws {
        func draw(_ shape: [Int], _ initializer: Initializer) throws -> Tensor {
            try build(ParameterBuilder(seed: 3)) { path throws(TorchError) in
                _ = try path.parameter("x", shape, initializer)
            }.entries[0].tensor
        }
        let truncated = try draw([200, 200], .truncatedNormal(deviation: 0.02))
        #expect(try truncated.abs().max().item() <= 0.04 + 1e-9)
        #expect(try truncated.abs().max().item() > 0.0399)
        // The deviation of a normal distribution cut off at ±2 is 0.8796 of the uncut one's.
        #expect(try (truncated.variance().item().squareRoot() / 0.02).isNear(0.8796, 0.01))
        #expect(try truncated.mean().item().isNear(0, 5e-4))
        #expect(try draw([200, 200], .normal(deviation: 0.5)).variance().item().isNear(0.25, 0.01))
        let uniform = try draw([200, 200], .uniform(bound: 0.3))
        #expect(try uniform.abs().max().item() <= 0.3 && uniform.variance().item().isNear(0.03, 0.001))
        let bound = (6.0 / (40 + 10)).squareRoot()
        let glorot = try draw([10, 40], .xavierUniform)
        #expect(try glorot.abs().max().item() <= bound && glorot.abs().max().item() > 0.9 * bound)
        #expect(try draw([2], .ones).floats == [1, 1] && draw([2], .zeros).floats == [0, 0])
    }

    @Test("Loaded weights are the source's, as float32 copies that can be trained")
    func loading() throws {
        let stored = try Tensor([1.0, 2, 3, 4], shape: [2, 2])
        let parameters = try build(ParameterBuilder(loading: MemorySource(["a.weight": stored]))) {
            path throws(TorchError) in
            _ = try Linear(path / "a", from: 2, to: 2, bias: false)
        }
        let loaded = parameters.entries[0].tensor
        #expect(loaded.dtype == .float32 && loaded.requiresGradient)
        #expect(try loaded.floats == [1, 2, 3, 4])
        try loaded.fill(0)
        #expect(try stored.doubles == [1, 2, 3, 4])
    }

    @Test("Everything that does not fit is listed at once")
    func mismatches() throws {
        let source = MemorySource([
            "a.weight": try .zeros([2, 3]), "b.bias": try .zeros([2]), "left.over": try .zeros([1]),
            "also": try .zeros([1]),
        ])
        let error = try #require(throws: ParameterError.self) {
            try build(ParameterBuilder(loading: source)) { path throws(TorchError) in
                _ = try Linear(path / "a", from: 2, to: 2)
                _ = try Linear(path / "b", from: 2, to: 2)
            }
        }
        #expect(
            error.problems == [
                "a.weight has the shape [2, 3], expected [2, 2]",
                "a.bias is missing, expected the shape [2]",
                "b.weight is missing, expected the shape [2, 2]",
                "also belongs to no part of this learner",
                "left.over belongs to no part of this learner",
            ])
        for problem in error.problems { #expect(error.description.contains(problem)) }
    }

    @Test("A source that fails to deliver is one of the problems")
    func failingSource() throws {
        struct Broken: TensorSource {
            struct Damage: Error, CustomStringConvertible { let description = "damaged" }
            let tensorNames = ["a.weight"]
            func shape(of name: String) -> [Int]? { [2, 2] }
            func tensor(named name: String) throws -> Tensor { throw Damage() }
        }
        let error = try #require(throws: ParameterError.self) {
            try build(ParameterBuilder(loading: Broken())) { path throws(TorchError) in
                _ = try Linear(path / "a", from: 2, to: 2, bias: false)
            }
        }
        #expect(error.problems == ["a.weight: damaged"])
    }
}
