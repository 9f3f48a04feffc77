import TestSupport
import Testing
import Torch

/// Operands of linear maps that no kernel may take for a plain matrix or row; runs apart from everything else that depends on
/// the process-wide choice of kernels.
@Suite(.serialized) struct OddOperandTests {
    static let kernels: [Engine.LinearKernels] =
        [.standard, .fast, .own] + (Engine.hasBFloat16Maps ? [.bfloat16] : [])

    /// Large enough for every kernel.
    private static func input() throws -> Tensor { try Generator(seed: 1).normal([512, 64]) }

    @Test("Shapes that do not fit are refused by every kernel", arguments: kernels)
    func misfits(kernels: Engine.LinearKernels) throws {
        let (x, weight) = (try Self.input(), try Tensor.ones([64, 64]))
        let misfits: [() throws -> Tensor] = [
            { try x.linear(.ones([64, 32])) }, { try x.linear(.ones([64, 128])) },
            { try x.linear(weight, .zeros([32])) }, { try x.linear(weight, .zeros([128])) },
            { try x.perceptron((weight, nil), (.ones([64, 128]), nil)) },
            { try x.perceptron((.ones([128, 64]), nil), (weight, nil)) },
            { try x.perceptron((.ones([128, 64]), .zeros([64])), (.ones([64, 128]), nil)) },
            { try x.perceptron((weight, nil), (weight, .zeros([32]))) },
        ]
        for misfit in misfits {
            #expect(throws: TorchError.self) { try Engine.withLinearKernels(kernels) { try misfit() } }
        }
    }

    @Test("A bias need not be adjacent in memory, and a single number stands for all", arguments: kernels)
    func biases(kernels: Engine.LinearKernels) throws {
        let (x, weight) = (try Self.input(), try Generator(seed: 2).normal([64, 64]))
        let column = try Generator(seed: 3).normal([64, 2]).selected(1, Tensor([Int64(1)])).squeezed(1)
        let strided = try Tensor.stacked([column, column], 1).transposed(0, 1).chunked(2, 0)[0].squeezed(0)
        let number = try Tensor([Float(0.5)])
        #expect(!strided.isContiguous)
        for (odd, plain) in [
            (strided, column), (try number.expanded(64), try Tensor.full([64], 0.5)), (number, try .full([64], 0.5)),
        ] {
            func gradients(_ bias: Tensor) throws -> [Tensor] {
                try Engine.withLinearKernels(kernels) {
                    let leaf = try x.clone().requiringGradient()
                    let y = try leaf.linear(weight, bias)
                    try y.square().sum().backward()
                    return try [y.detached(), #require(try leaf.gradient())]
                }
            }
            for (mine, theirs) in zip(try gradients(odd), try gradients(plain)) {
                #expect(try mismatch(mine, theirs, Tolerance(absolute: 1e-3, relative: 1e-5)) == nil)
            }
        }
    }

    @Test("A map of no inputs is its bias, and a head of none has equal chances", arguments: kernels)
    func empty(kernels: Engine.LinearKernels) throws {
        try Engine.withLinearKernels(kernels) {
            let nothing = try Tensor.zeros([4, 0])
            #expect(try nothing.linear(.zeros([8, 0]), .full([8], 2)).floats == Array(repeating: 2, count: 32))
            let losses = try nothing.linearCrossEntropy(.zeros([8, 0]), Tensor([Int64](repeating: 1, count: 4))).losses
            #expect(try losses.floats.allSatisfy { abs($0 - 2.0794415) < 1e-5 })
        }
        #expect(throws: TorchError.self) { try Tensor.zeros([4]).chunked(0, 0) }
    }

    @Test("A head that is a transposed view has the gradient of its copy", arguments: kernels)
    func transposedHead(kernels: Engine.LinearKernels) throws {
        let (hidden, table) = (try Self.input(), try Generator(seed: 2).normal([64, 96], deviation: 0.1))
        let targets = try Tensor((0..<512).map { Int64($0 % 96) })
        func gradient(_ kernels: Engine.LinearKernels, _ head: (Tensor) throws -> Tensor) throws -> Tensor {
            try Engine.withLinearKernels(kernels) {
                let leaf = try table.clone().requiringGradient()
                try hidden.linearCrossEntropy(head(leaf), targets).losses.sum().backward()
                return try #require(try leaf.gradient())
            }
        }
        let view = try gradient(kernels) { try $0.transposed(0, 1) }
        let copy = try gradient(kernels) { try $0.transposed(0, 1).contiguous() }
        let scale = try copy.abs().max().item()
        #expect(scale > 1)
        #expect(try mismatch(view, copy, Tolerance(absolute: 1e-5 * scale, relative: 0)) == nil)
    }

    @Test("A second derivative of the head's losses is refused rather than wrong", arguments: kernels)
    func secondDerivative(kernels: Engine.LinearKernels) throws {
        let hidden = try Self.input().requiringGradient()
        let weight = try Generator(seed: 2).normal([96, 64]).requiringGradient()
        let targets = try Tensor([Int64](repeating: 3, count: 512))
        let error = try #require(throws: TorchError.self) {
            try Engine.withLinearKernels(kernels) {
                let loss = try hidden.linearCrossEntropy(weight, targets).losses.sum()
                _ = try Tensor.gradients(
                    of: [loss], weightedBy: [Tensor(Float(1))], withRespectTo: [hidden], createGraph: true)
            }
        }
        #expect(error.message.contains("no second derivative"))
    }
}
