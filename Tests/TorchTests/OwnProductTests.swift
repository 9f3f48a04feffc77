import TestSupport
import Testing
import Torch

/// Our own products against libtorch's; runs apart from everything else that depends on the process-wide choice of kernels.
@Suite(.serialized) struct OwnProductTests {
    /// Sizes at the edges of the tiles, the blocks of rows and those of depths.
    struct Shape: Sendable, CustomStringConvertible {
        let rows, inputs, outputs: Int
        var isTransposed = false

        var description: String { "\(rows)×\(inputs) → \(outputs)\(isTransposed ? ", weight as [in, out]" : "")" }
    }

    static let shapes = [
        Shape(rows: 193, inputs: 96, outputs: 64), Shape(rows: 70, inputs: 400, outputs: 48),
        Shape(rows: 389, inputs: 16, outputs: 112), Shape(rows: 7, inputs: 800, outputs: 80),
        Shape(rows: 65, inputs: 768, outputs: 16), Shape(rows: 193, inputs: 96, outputs: 160, isTransposed: true),
        Shape(rows: 400, inputs: 416, outputs: 96, isTransposed: true),
    ]

    /// Those that are ours on this processor.
    private static let kernels: [Engine.LinearKernels] = Engine.hasOwnBFloat16Maps ? [.own, .bfloat16] : [.own]

    /// The result, and the gradients with respect to all leaves.
    static func results(
        _ kernels: Engine.LinearKernels, _ leaves: [Tensor], _ body: ([Tensor]) throws -> Tensor
    ) throws -> [Tensor] {
        try Engine.withLinearKernels(kernels) {
            let leaves = try leaves.map { try $0.clone().requiringGradient() }
            let y = try body(leaves)
            // A gradient of its own for each element.
            try (y * Generator(seed: 5).normal(y.shape)).sum().backward()
            return try [y.detached()] + leaves.map { try #require(try $0.gradient()) }
        }
    }

    private static func expectClose(_ found: [Tensor], _ expected: [Tensor]) throws {
        #expect(found.count == expected.count)
        for (mine, theirs) in zip(found, expected) {
            let scale = try theirs.abs().max().item()
            #expect(try mismatch(mine, theirs, Tolerance(absolute: 4e-6 * scale, relative: 0)) == nil)
        }
    }

    private static func operands(_ shape: Shape) throws -> [Tensor] {
        let generator = try Generator(seed: 3)
        let weight = shape.isTransposed ? [shape.inputs, shape.outputs] : [shape.outputs, shape.inputs]
        return try [
            generator.normal([1, shape.rows, shape.inputs]), generator.normal(weight),
            generator.normal([shape.outputs]),
            generator.normal([1, shape.rows, shape.outputs]),
        ]
    }

    @Test("A linear map with bias and residual, and all its gradients, are those of fp64", arguments: shapes)
    func linear(shape: Shape) throws {
        func map(_ leaves: [Tensor]) throws -> Tensor {
            let weight = try shape.isTransposed ? leaves[1].transposed(0, 1) : leaves[1]
            return try leaves[0].linear(weight, leaves[2], adding: leaves[3])
        }
        let operands = try Self.operands(shape)
        let exact = try Self.results(.standard, operands.map { try $0.to(.float64) }, map).map { try $0.to(.float32) }
        let found = try Self.results(.own, operands, map)
        try Self.expectClose(found, exact)
        #expect(found[2].isContiguous)
    }

    @Test("Without bias and residual too, and where only the weight or only the input learns")
    func parts() throws {
        let operands = Array(try Self.operands(Self.shapes[1])[..<2])
        let both = try Self.results(.own, operands) { try $0[0].linear($0[1]) }
        try Self.expectClose(both, Self.results(.standard, operands) { try $0[0].linear($0[1]) })
        let weight = try Self.results(.own, [operands[1]]) { try operands[0].linear($0[0]) }
        try Self.expectClose(weight, [both[0], both[2]])
        let input = try Self.results(.own, [operands[0]]) { try $0[0].linear(operands[1]) }
        try Self.expectClose(input, [both[0], both[1]])
    }

    @Test("Their error is near that of libtorch's products, at any depth", arguments: [384, 1024, 8192])
    func error(depth: Int) throws {
        let operands = try Self.operands(Shape(rows: 100, inputs: depth, outputs: 96))
        let exact = try operands[0].to(.float64).linear(operands[1].to(.float64))
        func error(_ kernels: Engine.LinearKernels) throws -> Double {
            try Engine.withLinearKernels(kernels) {
                try (operands[0].linear(operands[1]).to(.float64) - exact).norm().item() / exact.norm().item()
            }
        }
        #expect(try error(.own) <= 2 * error(.standard))
    }

    @Test("The perceptron and its gradients are those of its operations", arguments: [false, true], [false, true])
    func perceptron(isTanh: Bool, isTransposed: Bool) throws {
        let generator = try Generator(seed: 4)
        let (wide, narrow) = isTransposed ? ([96, 400], [400, 64]) : ([400, 96], [64, 400])
        let operands = try [
            generator.normal([3, 70, 96]), generator.normal(wide, deviation: 0.1), generator.normal([400]),
            generator.normal(narrow, deviation: 0.1), generator.normal([64]), generator.normal([3, 70, 64]),
        ]
        func weight(_ x: Tensor) throws -> Tensor { isTransposed ? try x.transposed(0, 1) : x }
        func whole(_ x: [Tensor]) throws -> Tensor {
            try x[0].perceptron(
                (weight(x[1]), x[2]), (weight(x[3]), x[4]), tanhApproximation: isTanh, adding: x[5])
        }
        let expected = try Self.results(.standard, operands) { x in
            try x[5]
                + x[0].linear(weight(x[1]), x[2]).gelu(tanhApproximation: isTanh).linear(weight(x[3]), x[4])
        }
        for kernels in [Engine.LinearKernels.own, .standard, .fast] {
            try Self.expectClose(Self.results(kernels, operands, whole), expected)
            let alone = try Engine.withLinearKernels(kernels) { try withoutGradients { try whole(operands) } }
            try Self.expectClose([alone], [expected[0]])
        }
    }

    @Test("GELU and its derivative are exact to fp32 from -12 to 12", arguments: [false, true])
    func activation(isTanh: Bool) throws {
        let x = try Tensor((0..<4096).map { Float($0 - 2048) * (12.0 / 2048) }, shape: [256, 16])
        let identity = try Tensor((0..<256).map { $0 % 17 == 0 ? Float(1) : 0 }, shape: [16, 16])
        func slopes(_ x: Tensor, _ body: (Tensor) throws -> Tensor) throws -> [Tensor] {
            let leaf = try x.clone().requiringGradient()
            let y = try body(leaf)
            try y.sum().backward()
            return try [y.detached(), #require(try leaf.gradient())]
        }
        let exact = try slopes(x.to(.float64)) { try $0.gelu(tanhApproximation: isTanh) }
        let found = try Engine.withLinearKernels(.own) {
            try slopes(x) { try $0.perceptron((identity, nil), (identity, nil), tanhApproximation: isTanh) }
        }
        // The derivative of the approximation multiplies the rounding of its argument.
        for (index, tolerance) in [1e-6, 4e-6].enumerated() {
            let expected = try exact[index].to(.float32)
            #expect(try mismatch(found[index], expected, Tolerance(absolute: tolerance, relative: 4e-7)) == nil)
        }
    }

    @Test("A perceptron whose weights are frozen gives its input the same gradient", arguments: kernels)
    func frozen(kernels: Engine.LinearKernels) throws {
        let generator = try Generator(seed: 7)
        let operands = try [
            generator.normal([70, 96]), generator.normal([208, 96]), generator.normal([64, 208], deviation: 0.1),
        ]
        let all = try Self.results(kernels, operands) { try $0[0].perceptron(($0[1], nil), ($0[2], nil)) }
        let input = try Self.results(kernels, [operands[0]]) {
            try $0[0].perceptron((operands[1], nil), (operands[2], nil))
        }
        for (mine, theirs) in zip(input, all) { #expect(try mine.bytes() == theirs.bytes()) }
    }

    @Test("The bits do not depend on the number of threads", arguments: kernels)
    func threads(kernels: Engine.LinearKernels) throws {
        let operands = try Self.operands(Shape(rows: 500, inputs: 400, outputs: 96))
        let before = Engine.threadCount
        defer { Engine.threadCount = before }
        func run(_ count: Int) throws -> [Tensor] {
            Engine.threadCount = count
            return try Self.results(kernels, operands) { try $0[0].linear($0[1], $0[2], adding: $0[3]) }
        }
        for (one, three) in zip(try run(1), try run(3)) { #expect(try one.bytes() == three.bytes()) }
    }

    @Test("A number that is none comes through, also the activation", arguments: kernels)
    func notANumber(kernels: Engine.LinearKernels) throws {
        let generator = try Generator(seed: 6)
        let weights = try (generator.normal([64, 64]), generator.normal([64, 64]))
        var numbers: [Float] = try generator.normal([64, 64]).values()
        numbers[70] = .nan
        let x = try Tensor(numbers, shape: [64, 64])
        let y: [Float] = try Engine.withLinearKernels(kernels) {
            try withoutGradients { try x.perceptron((weights.0, nil), (weights.1, nil)) }.values()
        }
        #expect(y.enumerated().allSatisfy { $1.isNaN == (64..<128).contains($0) })
    }
}
