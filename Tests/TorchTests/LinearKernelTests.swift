import TestSupport
import Testing
import Torch

/// Linear maps on each of their kernels; runs apart from everything else that depends on the process-wide choice of them.
@Suite(.serialized) struct LinearKernelTests {
    /// A map, large enough for oneDNN's kernels: x [16, 32, 64], weight [48, 64], bias [48], and its result's gradient.
    private struct Operands {
        let x, weight, bias, gradient: Tensor

        init() throws {
            let generator = try Generator(seed: 1)
            x = try generator.normal([16, 32, 64])
            weight = try generator.normal([48, 64])
            bias = try generator.normal([48])
            gradient = try generator.normal([16, 32, 48])
        }

        /// The result and the gradients with respect to x, weight and bias.
        func results(_ kernels: Engine.LinearKernels, hasBias: Bool) throws -> [Tensor] {
            try Engine.withLinearKernels(kernels) {
                let leaves = try [x, weight, bias].map { try $0.clone().requiringGradient() }
                let y = try leaves[0].linear(leaves[1], hasBias ? leaves[2] : nil)
                try (y * gradient).sum().backward()
                return try [y.detached()] + leaves.compactMap { try $0.gradient() }
            }
        }
    }

    private static let lacksBFloat16: Comment = "this processor has no bfloat16 kernels"

    private static func rounded(_ x: Tensor) throws -> Tensor { try x.to(.bfloat16).to(.float32) }

    @Test("The fast linear map and its gradients are the ordinary ones", arguments: [false, true])
    func fast(hasBias: Bool) throws {
        let operands = try Operands()
        let fast = try operands.results(.fast, hasBias: hasBias)
        let ordinary = try operands.results(.standard, hasBias: hasBias)
        #expect(fast.count == (hasBias ? 4 : 3) && ordinary.count == fast.count)
        for (found, expected) in zip(fast, ordinary) {
            let scale = try expected.abs().max().item()
            #expect(try mismatch(found, expected, Tolerance(absolute: 0.01 * scale, relative: 0)) == nil)
        }
    }

    @Test(
        "The bfloat16 map and its gradients are products of rounded operands, rounded once more at most",
        .enabled(if: Engine.hasBFloat16Maps, lacksBFloat16), arguments: [false, true])
    func bfloat16(hasBias: Bool) throws {
        let operands = try Operands()
        let (x, weight) = (try Self.rounded(operands.x), try Self.rounded(operands.weight))
        let gradient = try Self.rounded(operands.gradient).reshaped(-1, 48)
        let expected = try [
            x.linear(weight, hasBias ? operands.bias : nil),
            gradient.matmul(weight).reshaped(16, 32, 64),
            gradient.transposed(0, 1).matmul(x.reshaped(-1, 64)),
            operands.gradient.reshaped(-1, 48).sum(0),
        ]
        let found = try operands.results(.bfloat16, hasBias: hasBias)
        #expect(found.count == (hasBias ? 4 : 3))
        // oneDNN rounds the bias too.
        let tolerance = Tolerance(absolute: hasBias ? 0x1p-7 : 1e-4, relative: 0x1p-8)
        for (mine, theirs) in zip(found, expected) {
            #expect(mine.dtype == .float32)
            #expect(try mismatch(mine, theirs, tolerance) == nil)
        }
        #expect(try mismatch(found[0], operands.results(.standard, hasBias: hasBias)[0]) != nil)
    }

    @Test(
        "Two maps with a GELU between them, which stays in bfloat16, have gradients near those in fp32",
        .enabled(if: Engine.hasBFloat16Maps, lacksBFloat16))
    func perceptron() throws {
        let operands = try Operands()
        let second = try Generator(seed: 4).normal([64, 48], deviation: 0.1)
        func run(_ kernels: Engine.LinearKernels) throws -> [Tensor] {
            try Engine.withLinearKernels(kernels) {
                let leaves = try [operands.x, operands.weight, operands.bias, second].map {
                    try $0.clone().requiringGradient()
                }
                func whole() throws -> Tensor {
                    try leaves[0].perceptron((leaves[1], leaves[2]), (leaves[3], nil))
                }
                let y = try whole()
                try y.square().sum().backward()
                return try [withoutGradients(whole), y.detached()] + leaves.map { try #require(try $0.gradient()) }
            }
        }
        for (mine, theirs) in zip(try run(.bfloat16), try run(.standard)) {
            let scale = try theirs.abs().max().item()
            #expect(mine.dtype == .float32)
            #expect(try mismatch(mine, theirs, Tolerance(absolute: 0.02 * scale, relative: 0)) == nil)
        }
    }

    @Test(
        "A frozen weight that is stored in 16 bits gives what its values give in fp32",
        arguments: [.standard, .fast] + (Engine.hasBFloat16Maps ? [Engine.LinearKernels.bfloat16] : []),
        [DType.bfloat16, .float16])
    func narrow(kernels: Engine.LinearKernels, type: DType) throws {
        let operands = try Operands()
        let narrow = try operands.weight.to(type)
        func results(_ weight: Tensor) throws -> [Tensor] {
            try Engine.withLinearKernels(kernels) {
                let x = try operands.x.clone().requiringGradient()
                let y = try x.linear(weight, operands.bias)
                try (y * operands.gradient).sum().backward()
                return [try y.detached(), try #require(try x.gradient())]
            }
        }
        for (found, expected) in zip(try results(narrow), try results(narrow.to(.float32))) {
            #expect(found.dtype == .float32)
            #expect(try mismatch(found, expected) == nil)
        }
    }

    @Test("A map of a few rows, such as a token's, keeps fp32 products")
    func fewRows() throws {
        let generator = try Generator(seed: 2)
        let (x, weight) = (try generator.normal([8, 512]), try generator.normal([512, 512]))
        let expected = try x.linear(weight)
        let found = try Engine.withLinearKernels(.bfloat16) { try x.linear(weight) }
        #expect(try mismatch(found, expected, Tolerance(absolute: 1e-4, relative: 1e-5)) == nil)
    }

    @Test("The head's losses in bfloat16 are near those in fp32, and their gradients come back in fp32")
    func head() throws {
        let generator = try Generator(seed: 3)
        let operands = [try generator.normal([256, 64]), try generator.normal([100, 64], deviation: 0.1)]
        let targets = try Tensor((0..<256).map { Int64($0 % 100) })
        func run(_ kernels: Engine.LinearKernels) throws -> [Tensor] {
            try Engine.withLinearKernels(kernels) {
                let leaves = try operands.map { try $0.clone().requiringGradient() }
                let losses = try leaves[0].linearCrossEntropy(leaves[1], targets).losses
                try losses.mean().backward()
                return try [losses.detached()] + leaves.map { try #require(try $0.gradient()) }
            }
        }
        let (exact, found) = (try run(.standard), try run(.bfloat16))
        for (mine, theirs) in zip(found, exact) {
            let scale = try theirs.abs().max().item()
            #expect(mine.dtype == .float32)
            #expect(try mismatch(mine, theirs, Tolerance(absolute: 0.02 * scale, relative: 0)) == nil)
        }
        #expect(try mismatch(found[0], exact[0]) != nil)
    }

    @Test("The kernels of before are back when a body ends, however it ends")
    func restored() throws {
        struct Failure: Error {}
        let before = Engine.linearKernels
        let others: Engine.LinearKernels = before == .fast ? .standard : .fast
        #expect(throws: Failure.self) { try Engine.withLinearKernels(others) { throw Failure() } }
        #expect(Engine.linearKernels == before)
    }
}
