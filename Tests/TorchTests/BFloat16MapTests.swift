import TestSupport
import Testing
import Torch

/// Our own linear maps in bfloat16, element by element; runs apart from everything else that depends on the choice of kernels.
@Suite(.serialized, .enabled(if: Engine.hasOwnBFloat16Maps, "this processor's bfloat16 maps are oneDNN's"))
struct BFloat16MapTests {
    /// Sizes at the edges of the tiles, the blocks of rows and those of depths; odd ones become depths of weight gradients.
    private static let shapes = [
        OwnProductTests.Shape(rows: 193, inputs: 96, outputs: 64), .init(rows: 389, inputs: 16, outputs: 112),
        .init(rows: 65, inputs: 800, outputs: 80), .init(rows: 67, inputs: 1648, outputs: 48),
        .init(rows: 1601, inputs: 64, outputs: 32), .init(rows: 193, inputs: 96, outputs: 160, isTransposed: true),
        .init(rows: 131, inputs: 816, outputs: 96, isTransposed: true),
    ]

    /// In fp64, as bfloat16 has it.
    private static func rounded(_ x: Tensor) throws -> Tensor { try x.to(.bfloat16).to(.float64) }

    private static func expectClose(_ found: [Tensor], _ expected: [Tensor], _ tolerance: Double = 4e-6) throws {
        #expect(found.count == expected.count)
        for (mine, theirs) in zip(found, expected) {
            let (exact, scale) = (try theirs.to(.float32), try theirs.abs().max().item())
            #expect(mine.dtype == .float32)
            #expect(try mismatch(mine, exact, Tolerance(absolute: tolerance * scale, relative: 0)) == nil)
        }
    }

    private static func operands(_ shape: OwnProductTests.Shape) throws -> [Tensor] {
        let generator = try Generator(seed: 3)
        return try [
            generator.normal([shape.rows, shape.inputs]),
            generator.normal(shape.isTransposed ? [shape.inputs, shape.outputs] : [shape.outputs, shape.inputs]),
            generator.normal([shape.outputs]), generator.normal([shape.rows, shape.outputs]),
        ]
    }

    @Test(
        "A map with bias and residual, and its gradients, are the exact products of rounded operands", arguments: shapes
    )
    func linear(shape: OwnProductTests.Shape) throws {
        func weight(_ x: Tensor) throws -> Tensor { try shape.isTransposed ? x.transposed(0, 1) : x }
        let operands = try Self.operands(shape)
        let (x, w) = (try Self.rounded(operands[0]), try weight(Self.rounded(operands[1])))
        let given = try Generator(seed: 5).normal([shape.rows, shape.outputs])
        let gradient = try Self.rounded(given)
        let expected = try [
            x.linear(w) + operands[2].to(.float64) + operands[3].to(.float64), gradient.matmul(w),
            weight(gradient.transposed(0, 1).matmul(x)), given.to(.float64).sum(0), given.to(.float64),
        ]
        func map(_ x: [Tensor]) throws -> Tensor { try x[0].linear(weight(x[1]), x[2], adding: x[3]) }
        let found = try OwnProductTests.results(.bfloat16, operands, map)
        try Self.expectClose(found, expected)
        #expect(found[2].isContiguous)
        let alone = try Engine.withLinearKernels(.bfloat16) { try withoutGradients { try map(operands) } }
        #expect(try alone.bytes() == found[0].bytes())
    }

    @Test(
        "The perceptron rounds its activation once more and else is its operations", arguments: [false, true],
        [96, 1600])
    func perceptron(isTanh: Bool, width: Int) throws {
        let generator = try Generator(seed: 4)
        let operands = try [
            generator.normal([3, 70, width]), generator.normal([208, width], deviation: 0.05), generator.normal([208]),
            generator.normal([64, 208], deviation: 0.1), generator.normal([64]), generator.normal([3, 70, 64]),
        ]
        func whole(_ x: [Tensor]) throws -> Tensor {
            try x[0].perceptron((x[1], x[2]), (x[3], x[4]), tanhApproximation: isTanh, adding: x[5])
        }
        let leaves = try [0, 1, 3].map { try Self.rounded(operands[$0]).requiringGradient() }
        let (first, second, residual) = try (
            operands[2].to(.float64), operands[4].to(.float64), operands[5].to(.float64)
        )
        let inner = try leaves[0].linear(leaves[1], first).gelu(tanhApproximation: isTanh)
        let y = try inner.linear(leaves[2], second) + residual
        try (y * Generator(seed: 5).normal(y.shape).to(.float64)).sum().backward()
        let found = try OwnProductTests.results(.bfloat16, operands, whole)
        // Beside the activation, its derivative and the gradients between the maps are rounded.
        try Self.expectClose([found[0]], [y.detached()], 0x1p-9)
        let gradients = try leaves.map { try #require(try $0.gradient()) }
        try Self.expectClose([found[1], found[2], found[4]], gradients, 0x1p-7)
        let alone = try Engine.withLinearKernels(.bfloat16) { try withoutGradients { try whole(operands) } }
        #expect(try alone.bytes() == found[0].bytes())
    }

    @Test("The activation and its derivative are as exact as bfloat16 is, far from zero too", arguments: [false, true])
    func activation(isTanh: Bool) throws {
        let identity = try Tensor((0..<64 * 64).map { $0 % 65 == 0 ? Float(1) : 0 }, shape: [64, 64])
        let given = try Tensor((0..<256 * 64).map { Float($0 - 8192) / 512 }, shape: [256, 64])
        let zeros = try Tensor(Array(repeating: Float(0), count: 64))
        let x = try Self.rounded(given).requiringGradient()
        let y = try x.gelu(tanhApproximation: isTanh)
        try (y * Self.rounded(Generator(seed: 5).normal(y.shape))).sum().backward()
        let found = try OwnProductTests.results(.bfloat16, [given]) {
            try $0[0].perceptron((identity, zeros), (identity, zeros), tanhApproximation: isTanh, adding: nil)
        }
        let values = try mismatch(
            found[0].to(.float64), y.detached(), Tolerance(absolute: 1e-14, relative: 0x1p-8))
        #expect(values == nil)
        // The slope has a zero; it and its product with what comes in are rounded.
        let slopes = try mismatch(
            found[1].to(.float64), #require(try x.gradient()), Tolerance(absolute: 1e-3, relative: 0x1p-7))
        #expect(slopes == nil)
    }
}
