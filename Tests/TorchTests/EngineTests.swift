import TestSupport
import Testing
import Torch

@Suite struct EngineTests {
    @Test("Equal seeds give equal draws, other seeds others, and a generator moves on")
    func generators() throws {
        let (a, b, c) = (try Generator(seed: 7), try Generator(seed: 7), try Generator(seed: 8))
        let first = try a.normal([100]).floats
        #expect(try b.normal([100]).floats == first)
        #expect(try c.normal([100]).floats != first)
        #expect(try a.normal([100]).floats != first)
        #expect(try a.uniform([3]).dtype == .float32)
    }

    @Test("Draws have the moments and bounds they were asked for")
    func distributions() throws {
        let normal = try Generator(seed: 1).normal([100_000], mean: 3, deviation: 2)
        #expect(try normal.mean().item().isNear(3, 0.03))
        #expect(try normal.variance().item().isNear(4, 0.1))
        let uniform = try Generator(seed: 2).uniform([100_000], in: -1..<3)
        #expect(try uniform.min().item() >= -1 && uniform.max().item() < 3)
        #expect(try uniform.mean().item().isNear(1, 0.03))
        #expect(try uniform.variance().item().isNear(16.0 / 12, 0.03))
    }

    @Test("Autocast computes matrix products in the lower precision, and only within its body")
    func autocast() throws {
        let x = try Tensor.ones([2, 2])
        #expect(try Engine.autocast(to: .bfloat16) { () throws(TorchError) in try x.matmul(x) }.dtype == .bfloat16)
        #expect(try Engine.autocast(to: nil) { () throws(TorchError) in try x.matmul(x) }.dtype == .float32)
        #expect(throws: TorchError.self) {
            try Engine.autocast(to: .bfloat16) { () throws(TorchError) in try x.reshaped(3) }
        }
        #expect(try x.matmul(x).dtype == .float32)
    }

    @Test("Nested autocasts each keep their own precision")
    func nestedAutocast() throws {
        let x = try Tensor.ones([2, 2])
        let types = try Engine.autocast(to: .bfloat16) { () throws(TorchError) in
            let inner = try Engine.autocast(to: .float16) { () throws(TorchError) in try x.matmul(x).dtype }
            return [inner, try x.matmul(x).dtype]
        }
        #expect(types == [.float16, .bfloat16])
    }

    @Test("Gradients flow through autocast in the parameters' own precision")
    func autocastGradients() throws {
        let weight = try Tensor([Float(1), 2, 3, 4], shape: [2, 2]).requiringGradient()
        let x = try Tensor.ones([3, 2])
        let loss = try Engine.autocast(to: .bfloat16) { () throws(TorchError) in
            try x.linear(weight).to(.float32).sum()
        }
        try loss.backward()
        #expect(try weight.gradient()?.dtype == .float32)
        #expect(try weight.gradient()?.floats == [3, 3, 3, 3])
    }

    @Test("The engine says what it is")
    func description() {
        #expect(Engine.version.hasPrefix("2."))
        #expect(!Engine.cpuCapability.isEmpty)
        #expect(Engine.threadCount >= 1)
        #expect(Engine.hasCUDA || Engine.cudaDeviceCount == 0)
    }
}
