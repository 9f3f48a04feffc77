import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ReductionTests {
    let x: Tensor

    init() throws { x = try Tensor([1.0, 2, 6, 3, -4, 4], shape: [2, 3]) }

    @Test("No dimension means all of them")
    func overAll() throws {
        #expect(try x.sum().item() == 12)
        #expect(try x.mean().item() == 2)
        #expect(try x.max().item() == 6)
        #expect(try x.min().item() == -4)
        #expect(try x.norm().item().isNear(82.0.squareRoot()))
        #expect(try x.variance().item().isNear(58.0 / 5))
        #expect(try x.variance(correction: 0).item().isNear(58.0 / 6))
        #expect(try x.sum().shape == [])
    }

    @Test("Dimensions reduce alone or together, and stay where asked")
    func overSome() throws {
        #expect(try x.sum(0).doubles == [4, -2, 10])
        #expect(try x.sum(-1).doubles == [9, 3])
        #expect(try x.sum(0, 1).doubles == [12])
        #expect(try x.mean(1, keepDimensions: true).shape == [2, 1])
        #expect(try x.mean(1).doubles == [3, 1])
        #expect(try x.max(1).doubles == [6, 4])
        #expect(try x.min(0).doubles == [1, -4, 4])
        #expect(try x.norm(0).doubles[1].isNear(20.0.squareRoot()))
        #expect(try x.variance(1, correction: 0).doubles[0].isNear(14.0 / 3))
    }

    @Test("The logarithm of a sum of exponentials does not overflow")
    func logSumExp() throws {
        let found = try Tensor([1000.0, 1000, 0, 0], shape: [2, 2]).logSumExp(1).doubles
        #expect(found[0].isNear(1000 + log(2.0)))
        #expect(found[1].isNear(log(2.0)))
    }

    @Test("Orderings give values and their places")
    func orderings() throws {
        #expect(try x.argmax(1).integers == [2, 2])
        #expect(try x.argmax(0).integers == [1, 0, 0])
        #expect(try x.cumulativeSum(1).doubles == [1, 3, 9, 3, -1, 3])
        let top = try x.top(2)
        #expect(try top.values.doubles == [6, 2, 4, 3])
        #expect(try top.indices.integers == [2, 1, 2, 0])
        let sorted = try x.sorted(0)
        #expect(try sorted.values.doubles == [1, -4, 4, 3, 2, 6])
        #expect(try sorted.indices.integers == [0, 1, 1, 1, 0, 0])
        let equals = try Tensor([Float](repeating: 1, count: 100)).sorted(descending: true)
        #expect(try equals.indices.integers == Array(0..<100))
    }

    @Test("A softmax is a distribution, and its logarithm agrees")
    func softmax() throws {
        let p = try x.softmax(1)
        #expect(try mismatch(p.sum(1), .ones([2], dtype: .float64), Tolerance(absolute: 1e-14, relative: 0)) == nil)
        #expect(try mismatch(x.logSoftmax(1), p.log(), Tolerance(absolute: 1e-12, relative: 0)) == nil)
        #expect(try p.doubles[2].isNear(exp(6.0) / (exp(1.0) + exp(2.0) + exp(6.0))))
    }
}
