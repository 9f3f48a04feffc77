import Foundation
import TestSupport
import Testing
import Torch

/// Loops of our own kernels on libtorch's threads.
@Suite(.serialized) struct ParallelLoopTests {
    private static func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
        let before = Engine.threadCount
        defer { Engine.threadCount = before }
        Engine.threadCount = count
        return try body()
    }

    /// Processor seconds of this thread and of the whole process.
    private static func clocks() -> (thread: Double, process: Double) {
        func seconds(_ clock: clockid_t) -> Double {
            var time = timespec()
            clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        return (seconds(CLOCK_THREAD_CPUTIME_ID), seconds(CLOCK_PROCESS_CPUTIME_ID))
    }

    #if os(Linux)
        @Test("Two threads share a loop's work, one does it alone", arguments: [1, 2])
        func shared(count: Int) throws {
            let x = try Generator(seed: 1).normal([64, 4, 256, 64])
            let share = try Self.withThreads(count) {
                // Without gradients this is one pass of our kernel, with no operation of libtorch's around it.
                let before = Self.clocks()
                for _ in 0..<6 { _ = try Tensor.attention(x, x, x) }
                let after = Self.clocks()
                return (after.thread - before.thread) / (after.process - before.process)
            }
            #expect(count == 1 ? share > 0.9 : share < 0.75, "the calling thread did \(share) of it")
        }
    #endif

    /// The result of `body` and its derivatives by these operands.
    private static func outcome(_ operands: [Tensor], _ body: ([Tensor]) throws -> Tensor) throws -> [[UInt8]] {
        let leaves = try operands.map { try $0.clone().requiringGradient() }
        let out = try body(leaves)
        try (out * Generator(seed: 9).normal(out.shape)).sum().backward()
        return try ([out.detached()] + leaves.map { try #require(try $0.gradient()) }).map { try $0.bytes() }
    }

    private static func expectSameBits(
        _ operands: [Tensor], _ body: ([Tensor]) throws -> Tensor,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let alone = try withThreads(1) { try outcome(operands, body) }
        for count in [2, 3, 5] {
            let isSame = try withThreads(count) { try outcome(operands, body) } == alone
            #expect(isSame, "with \(count) threads", sourceLocation: sourceLocation)
        }
    }

    private static func normal(_ shapes: [Int]...) throws -> [Tensor] {
        try shapes.enumerated().map { try Generator(seed: UInt64($0 + 1)).normal($1) }
    }

    @Test("The bits of a kernel do not depend on the number of threads") func bits() throws {
        try Self.expectSameBits(Self.normal([3, 70, 4, 16], [3, 70, 2, 16], [3, 70, 2, 16])) { x in
            let heads = try x.map { try $0.transposed(1, 2) }
            let seen = try Tensor.ones([70, 70]).lowerTriangle().reshaped(1, 1, 70, 70).greater(0.5)
            let firsts = try Tensor([Int64](repeating: 0, count: 70), shape: [1, 70])
            return try Tensor.attention(
                heads[0], heads[1], heads[2], mask: seen, firsts: firsts, groupedQueries: true)
        }
        try Self.expectSameBits(Self.normal([5, 64, 3, 32], [5, 64, 3, 32], [5, 64, 3, 32])) { x in
            let heads = try x.map { try $0.transposed(1, 2) }
            return try Tensor.attention(heads[0], heads[1], heads[2])
        }
        try Self.expectSameBits(Self.normal([700, 256], [700, 256])) { try $0[0].siluProduct($0[1]) }
        try Self.expectSameBits(Self.normal([701, 64], [64])) { try $0[0].rmsNorm($0[1], epsilon: 1e-6) }
        try Self.expectSameBits(Self.normal([3, 4, 50, 32])) { x in
            let angles = try Generator(seed: 4).normal([1, 1, 50, 32])
            return try x[0].rotated(cosine: angles, sine: angles)
        }
        try Self.expectSameBits(Self.normal([301, 64], [512, 64])) { x in
            let targets = try Tensor((0..<301).map { Int64($0 * 7 % 512) })
            return try x[0].linearCrossEntropy(x[1], targets).losses
        }
    }

    @Test("Nothing is left out where there are more threads than work") func small() throws {
        try Self.expectSameBits(Self.normal([1, 20, 1, 16], [1, 20, 1, 16], [1, 20, 1, 16])) { x in
            let heads = try x.map { try $0.transposed(1, 2) }
            return try Tensor.attention(heads[0], heads[1], heads[2])
        }
        try Self.expectSameBits(Self.normal([2, 1, 3, 16])) { x in
            let angles = try Generator(seed: 4).normal([1, 1, 3, 16])
            return try x[0].rotated(cosine: angles, sine: angles)
        }
    }
}
