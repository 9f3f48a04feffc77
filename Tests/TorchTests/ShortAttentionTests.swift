import TestSupport
import Testing
import Torch

/// Attention over short sequences, in float32, against its plain composition in float64.
@Suite struct ShortAttentionTests {
    static let tolerance = Tolerance(absolute: 2e-5, relative: 2e-5)

    /// Lengths below, at and beyond whole vectors of 16, and beyond what the short kernel takes; one or several vectors a row.
    static let shapes: [(queries: Int, keys: Int, features: Int)] = [
        (1, 1, 16), (3, 5, 16), (16, 16, 32), (17, 65, 32), (65, 65, 48), (33, 80, 64), (24, 101, 112), (7, 300, 16),
        (5, 6, 12),
    ]

    private static func attend(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ scale: Double) throws -> Tensor {
        try (query.matmul(key.transposed(2, 3)) * scale).softmax(-1).matmul(value)
    }

    /// [B, H, T, D] as a model makes it: a transposed view of the projection's [B, T, H, D].
    private static func heads(_ length: Int, _ features: Int, seed: UInt64, spread: Double = 1) throws -> Tensor {
        try Generator(seed: seed).normal([2, length, 3, features], deviation: spread)
    }

    @Test("Attention and its gradients are those of softmax(QKᵀ · scale) V", arguments: shapes)
    func composition(queries: Int, keys: Int, features: Int) throws {
        let inputs = try [
            Self.heads(queries, features, seed: 1), Self.heads(keys, features, seed: 2),
            Self.heads(keys, features, seed: 3),
        ]
        let weights = try Generator(seed: 4).normal([2, 3, queries, features])
        func run(_ dtype: DType, _ body: (Tensor, Tensor, Tensor) throws -> Tensor) throws -> [Tensor] {
            let leaves = try inputs.map { try $0.to(dtype).clone().requiringGradient() }
            let heads = try leaves.map { try $0.transposed(1, 2) }
            let out = try body(heads[0], heads[1], heads[2])
            try (out * weights.to(dtype)).sum().backward()
            return try [out.detached()] + leaves.map { try #require(try $0.gradient()) }
        }
        let found = try run(.float32) { try Tensor.attention($0, $1, $2, scale: 0.3) }
        let expected = try run(.float64) { try Self.attend($0, $1, $2, 0.3) }
        for (mine, theirs) in zip(found, expected) { #expect(try mismatch(mine, theirs, Self.tolerance) == nil) }
    }

    @Test("Scores far apart, where all of the softmax is on one key, give that key's value")
    func extremes() throws {
        let query = try Self.heads(20, 16, seed: 5, spread: 60).transposed(1, 2)
        let key = try Self.heads(20, 16, seed: 6, spread: 60).transposed(1, 2)
        let value = try Self.heads(20, 16, seed: 7).transposed(1, 2)
        let found = try Tensor.attention(query, key, value, scale: 1)
        #expect(
            try mismatch(found, Self.attend(query, key, value, 1), Tolerance(absolute: 1e-3, relative: 1e-3)) == nil)
    }

    @Test("Not-a-number in a query reaches that query's output, and no other's")
    func notANumber() throws {
        let query = try Self.heads(4, 16, seed: 8)
        try query.sliced(0, 0..<1).sliced(1, 2..<3).fill(.nan)
        let rest = try (Self.heads(4, 16, seed: 9).transposed(1, 2), Self.heads(4, 16, seed: 10).transposed(1, 2))
        let out = try Tensor.attention(query.transposed(1, 2), rest.0, rest.1).transposed(1, 2)  // [B, T, H, D]
        let rows = try out.sum(2, 3).floats.map(\.isNaN)
        #expect(rows == [false, false, true, false, false, false, false, false])
    }

    @Test("Inputs of any layout are taken: contiguous, transposed, and with a strided last dimension")
    func layouts() throws {
        let base = try Generator(seed: 11).normal([2, 3, 20, 32])
        let strided = try base.transposed(2, 3).contiguous().transposed(2, 3)
        let transposed = try base.transposed(1, 2).contiguous().transposed(1, 2)
        let expected = try Tensor.attention(base, base, base)
        #expect(try mismatch(Tensor.attention(strided, transposed, base), expected, Self.tolerance) == nil)
        #expect(try mismatch(Tensor.attention(transposed, base, strided), expected, Self.tolerance) == nil)
    }
}
