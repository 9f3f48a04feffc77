import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ArithmeticTests {
    let a: Tensor
    let b: Tensor

    init() throws {
        a = try Tensor([Float(1), -2, 3, 4, 5, -6], shape: [2, 3])
        b = try Tensor([Float(2), 4, 8])
    }

    @Test("Operands broadcast against each other")
    func broadcasting() throws {
        #expect(try (a + b).floats == [3, 2, 11, 6, 9, 2])
        #expect(try (a - b).floats == [-1, -6, -5, 2, 1, -14])
        #expect(try (a * b).floats == [2, -8, 24, 8, 20, -48])
        #expect(try (a / b).floats == [0.5, -0.5, 0.375, 2, 1.25, -0.75])
        let outer = try Tensor([Float(1), 10], shape: [2, 1]) * b
        #expect(outer.shape == [2, 3])
        #expect(try outer.floats == [2, 4, 8, 20, 40, 80])
    }

    @Test("Numbers combine with every element")
    func numbers() throws {
        #expect(try (b + 1).floats == [3, 5, 9])
        #expect(try (b - 1).floats == [1, 3, 7])
        #expect(try (b * 0.5).floats == [1, 2, 4])
        #expect(try (b / 4).floats == [0.5, 1, 2])
        #expect(try (-b).floats == [-2, -4, -8])
        #expect(try b.pow(2).floats == [4, 16, 64])
        #expect(try b.pow(Tensor([Float(1), 0.5, 2])).floats == [2, 2, 64])
    }

    @Test("Elementwise functions agree with Foundation's")
    func functions() throws {
        let values = [0.25, 0.5, 1.5, 2.5]
        let x = try Tensor(values)
        func check(_ found: Tensor, _ function: (Double) -> Double) throws {
            let expected = try Tensor(values.map(function))
            #expect(try mismatch(found, expected, Tolerance(absolute: 1e-14, relative: 1e-14)) == nil)
        }
        try check(x.exp(), exp)
        try check(x.log(), log)
        try check(x.sqrt()) { $0.squareRoot() }
        try check(x.rsqrt()) { 1 / $0.squareRoot() }
        try check(x.reciprocal()) { 1 / $0 }
        try check(x.square()) { $0 * $0 }
        try check(x.sin(), sin)
        try check(x.cos(), cos)
        try check((x - 1).abs()) { abs($0 - 1) }
        try check(x.floor()) { $0.rounded(.down) }
        try check(x.round()) { $0.rounded(.toNearestOrEven) }
        try check(x.tanh(), tanh)
        try check(x.sigmoid()) { 1 / (1 + exp(-$0)) }
        try check(x.silu()) { $0 / (1 + exp(-$0)) }
        try check((x - 1).relu()) { max(0, $0 - 1) }
        try check(x.softplus()) { log(1 + exp($0)) }
        try check(x.gelu()) { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }
        try check(x.gelu(tanhApproximation: true)) {
            0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
        }
    }

    @Test("Bounds hold from either side")
    func bounds() throws {
        #expect(try a.clamped(min: 0).floats == [1, 0, 3, 4, 5, 0])
        #expect(try a.clamped(max: 3).floats == [1, -2, 3, 3, 3, -6])
        #expect(try a.maximum(b).floats == [2, 4, 8, 4, 5, 8])
        #expect(try a.minimum(b).floats == [1, -2, 3, 2, 4, -6])
    }

    @Test("Comparisons give masks, and masks choose")
    func masks() throws {
        let c = try Tensor([Float(1), 2, 3])
        let d = try Tensor([Float(3), 2, 1])
        #expect(try c.equal(d).dtype == .bool)
        #expect(try c.equal(d).integers == [0, 1, 0])
        #expect(try c.less(d).integers == [1, 0, 0])
        #expect(try c.lessOrEqual(d).integers == [1, 1, 0])
        #expect(try c.equal(2).integers == [0, 1, 0])
        #expect(try c.notEqual(2).integers == [1, 0, 1])
        #expect(try c.less(2).integers == [1, 0, 0])
        #expect(try c.greater(2).integers == [0, 0, 1])
        #expect(try c.less(2).or(c.greater(2)).integers == [1, 0, 1])
        #expect(try c.less(3).and(c.greater(1)).integers == [0, 1, 0])
        #expect(try c.greater(2).not().integers == [1, 1, 0])
        #expect(try Tensor([Float.nan, .infinity, 0]).isFinite().integers == [0, 0, 1])
        #expect(try c.greater(1).choose(c, else: d).floats == [3, 2, 3])
        #expect(try c.filled(where: c.greater(1), with: -1).floats == [1, -1, -1])
    }

    @Test("Mixed types promote as in NumPy")
    func promotion() throws {
        #expect(try (Tensor([Int64(1)]) + Tensor([Float(0.5)])).dtype == .float32)
        #expect(try (Tensor([Float(1)]) + Tensor([0.5])).dtype == .float64)
        #expect(try (Tensor([Int32(7)]) / Tensor([Int32(2)])).floats == [3.5])
    }
}
