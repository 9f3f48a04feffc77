import TestSupport
import Testing
import Torch

/// Attention to runs of keys, in float32, against its plain composition in float64.
@Suite struct CausalAttentionTests {
    static let tolerance = Tolerance(absolute: 2e-5, relative: 2e-5)

    /// Which keys a query sees.
    enum Sight: CaseIterable { case all, window, segments, perRow }

    /// The first key of each query: [1 or 2, T].
    private static func firsts(_ sight: Sight, _ length: Int) -> [[Int]] {
        switch sight {
        case .all: [(0..<length).map { _ in 0 }]
        case .window: [(0..<length).map { max(0, $0 - 6) }]
        case .segments: [(0..<length).map { $0 / 29 * 29 }]
        case .perRow: [(0..<length).map { $0 / 7 * 7 }, (0..<length).map { max($0 / 50 * 50, $0 - 18) }]
        }
    }

    private struct Case {
        let query, key, value, weights: Tensor
        let mask, firsts: Tensor

        init(_ sight: Sight, length: Int, features: Int, heads: Int, groups: Int) throws {
            // A transposed view of the projection's [B, T, H, D], as a model makes it.
            func tensor(_ heads: Int, seed: UInt64) throws -> Tensor {
                try Generator(seed: seed).normal([2, length, heads, features])
            }
            (query, key, value) = try (tensor(heads, seed: 1), tensor(groups, seed: 2), tensor(groups, seed: 3))
            weights = try Generator(seed: 4).normal([2, heads, length, features])
            let rows = CausalAttentionTests.firsts(sight, length)
            firsts = try Tensor(rows.joined().map(Int64.init), shape: [rows.count, length])
            let seen = rows.flatMap { row in
                (0..<length).flatMap { t in (0..<length).map { $0 >= row[t] && $0 <= t ? Float(1) : 0 } }
            }
            mask = try Tensor(seen, shape: [rows.count, 1, length, length])
        }

        /// The output and the gradients of query, key and value.
        func outcome(
            _ dtype: DType, _ attend: (Tensor, Tensor, Tensor) throws -> Tensor
        ) throws -> [Tensor] {
            let leaves = try [query, key, value].map { try $0.to(dtype).clone().requiringGradient() }
            let heads = try leaves.map { try $0.transposed(1, 2) }
            let out = try attend(heads[0], heads[1], heads[2])
            try (out * weights.to(dtype)).sum().backward()
            return try [out.detached()] + leaves.map { try #require(try $0.gradient()) }
        }

        func composition(_ q: Tensor, _ k: Tensor, _ v: Tensor) throws -> Tensor {
            let group = q.size(1) / k.size(1)
            let (keys, values) = (try k.repeatInterleaved(group, 1), try v.repeatInterleaved(group, 1))
            let hidden = try (mask.to(.float64) - 1) * 1e30
            return try (q.matmul(keys.transposed(2, 3)) * 0.3 + hidden).softmax(-1).matmul(values)
        }
    }

    @Test(
        "Attention and its gradients are those of the masked composition",
        arguments: Sight.allCases,
        [(1, 16), (5, 16), (16, 32), (49, 16), (65, 48), (130, 64), (70, 12), (49, 8), (20, 7)])
    func composition(sight: Sight, shape: (length: Int, features: Int)) throws {
        for (heads, groups) in [(3, 3), (4, 2)] {
            let example = try Case(
                sight, length: shape.length, features: shape.features, heads: heads, groups: groups)
            let mask = try example.mask.greater(0.5)
            let found = try example.outcome(.float32) { q, k, v in
                try Tensor.attention(
                    q, k, v, mask: mask, firsts: example.firsts, scale: 0.3, groupedQueries: heads != groups)
            }
            let expected = try example.outcome(.float64, example.composition)
            for (mine, theirs) in zip(found, expected) { #expect(try mismatch(mine, theirs, Self.tolerance) == nil) }
            guard sight == .all else { continue }
            let causal = try example.outcome(.float32) { q, k, v in
                try Tensor.attention(q, k, v, isCausal: true, scale: 0.3, groupedQueries: heads != groups)
            }
            for (mine, theirs) in zip(causal, expected) { #expect(try mismatch(mine, theirs, Self.tolerance) == nil) }
        }
    }

    @Test("A segment's output does not depend on what else is in its row") func independence() throws {
        let example = try Case(.segments, length: 60, features: 16, heads: 2, groups: 2)
        func attend(_ range: Range<Int>, _ firsts: Tensor?) throws -> Tensor {
            let parts = try [example.query, example.key, example.value].map {
                try $0.transposed(1, 2).sliced(2, range)
            }
            return try Tensor.attention(
                parts[0], parts[1], parts[2], mask: firsts == nil ? nil : example.mask, firsts: firsts,
                isCausal: firsts == nil)
        }
        let together = try attend(0..<60, example.firsts).sliced(2, 29..<58)
        #expect(try mismatch(together, attend(29..<58, nil), Tolerance(absolute: 1e-6, relative: 1e-6)) == nil)
    }

    @Test("Not-a-number in a query reaches that query's output, and no other's") func notANumber() throws {
        let example = try Case(.all, length: 20, features: 16, heads: 3, groups: 3)
        try example.query.sliced(0, 0..<1).sliced(1, 7..<8).fill(.nan)
        let out = try Tensor.attention(
            example.query.transposed(1, 2), example.key.transposed(1, 2), example.value.transposed(1, 2),
            isCausal: true)
        let rows = try out.transposed(1, 2).sum(2, 3).floats.map(\.isNaN)
        #expect(rows == (0..<40).map { $0 == 7 })
    }

    @Test(
        "First keys that fall, or that lie beyond their query, are refused",
        arguments: [[0, 1, 0], [0, 2, 2], [-1, 0, 0]])
    func refusals(firsts: [Int64]) throws {
        let example = try Case(.all, length: 3, features: 16, heads: 1, groups: 1)
        #expect(throws: TorchError.self) {
            try Tensor.attention(
                example.query.transposed(1, 2), example.key.transposed(1, 2), example.value.transposed(1, 2),
                mask: example.mask, firsts: Tensor(firsts, shape: [1, 3]))
        }
    }
}
