import TestSupport
import Testing
import Torch

/// Runs apart from everything else that depends on the process-wide choice of kernels.
@Suite(.serialized) struct LinearGELUTests {
    /// Large enough for oneDNN's kernels, which small maps do without.
    private static func operands() throws -> (x: Tensor, weight: Tensor, bias: Tensor) {
        let generator = try Generator(seed: 21)
        return try (
            generator.normal([3, 70, 96]), generator.normal([128, 96], deviation: 0.1), generator.normal([128])
        )
    }

    @Test(
        "The GELU of a linear map is the same with and without gradients, on either kernels",
        arguments: [Engine.LinearKernels.standard, .fast])
    func values(kernels: Engine.LinearKernels) throws {
        let (x, weight, bias) = try Self.operands()
        let expected = try x.linear(weight, bias).gelu()
        Engine.linearKernels = kernels
        defer { Engine.linearKernels = .standard }
        #expect(try mismatch(withoutGradients { try x.linearGELU(weight, bias) }, expected) == nil)
        #expect(try mismatch(x.clone().requiringGradient().linearGELU(weight, bias).detached(), expected) == nil)
    }

    @Test("Its gradients are those of the two operations", arguments: [Engine.LinearKernels.standard, .fast])
    func gradients(kernels: Engine.LinearKernels) throws {
        let operands = try Self.operands()
        func run(_ body: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
            let leaves = try [operands.x, operands.weight, operands.bias].map { try $0.clone().requiringGradient() }
            try body(leaves).square().mean().backward()
            return try leaves.map { try #require(try $0.gradient()) }
        }
        let expected = try run { try $0[0].linear($0[1], $0[2]).gelu() }
        Engine.linearKernels = kernels
        defer { Engine.linearKernels = .standard }
        let found = try run { try $0[0].linearGELU($0[1], $0[2]) }
        for (mine, theirs) in zip(found, expected) { #expect(try mismatch(mine, theirs) == nil) }
    }
}
