import TestSupport
import Testing
import Torch

@Suite struct AutogradTests {
    @Test("The gradient of a linear layer is the numerical one")
    func linear() throws {
        let inputs = [try Tensor.random([4, 3], seed: 1), try .random([5, 3], seed: 2), try .random([5], seed: 3)]
        #expect(try gradientMismatches(inputs) { try $0[0].linear($0[1], $0[2]) } == [])
    }

    @Test("The gradients of the normalisations are the numerical ones")
    func normalisation() throws {
        let inputs = [try Tensor.random([3, 4], seed: 1), try .random([4], seed: 2), try .random([4], seed: 3)]
        #expect(try gradientMismatches(inputs) { try $0[0].layerNorm($0[1], $0[2], epsilon: 1e-5) } == [])
        #expect(try gradientMismatches(Array(inputs[..<2])) { try $0[0].rmsNorm($0[1], epsilon: 1e-5) } == [])
        #expect(try gradientMismatches(inputs) { try $0[0].groupNorm(groups: 2, $0[1], $0[2], epsilon: 1e-5) } == [])
    }

    @Test("The gradient of attention is the numerical one", arguments: [false, true])
    func attention(isCausal: Bool) throws {
        let inputs = try (1...3).map { try Tensor.random([1, 2, 4, 3], seed: $0) }
        #expect(try gradientMismatches(inputs) { try Tensor.attention($0[0], $0[1], $0[2], isCausal: isCausal) } == [])
    }

    @Test("The gradients of the activations are the numerical ones")
    func activations() throws {
        let x = [try Tensor.random([3, 5], seed: 4)]
        #expect(try gradientMismatches(x) { try $0[0].gelu() } == [])
        #expect(try gradientMismatches(x) { try $0[0].gelu(tanhApproximation: true) } == [])
        #expect(try gradientMismatches(x) { try $0[0].silu() } == [])
        #expect(try gradientMismatches(x) { try $0[0].softmax(1) } == [])
    }

    @Test("The gradient of the cross-entropy is the numerical one, with smoothing and ignored targets too")
    func crossEntropy() throws {
        let labels = try Tensor([Int64(2), 0, 3, 1])
        let logits = [try Tensor.random([4, 5], seed: 5)]
        #expect(try gradientMismatches(logits) { try $0[0].crossEntropy(labels) } == [])
        #expect(try gradientMismatches(logits) { try $0[0].crossEntropy(labels, reduction: .none) } == [])
        #expect(
            try gradientMismatches(logits) { try $0[0].crossEntropy(labels, ignoring: 3, labelSmoothing: 0.1) } == [])
    }

    @Test("class residuals are the norms of the cross-entropy's gradient, 0 for ignored classes")
    func classResiduals() throws {
        let logits = try Generator(seed: 3).normal([4, 5, 6]).requiringGradient()
        let labels = try Tensor((0..<24).map { Int64($0 % 5) }, shape: [4, 6])
        try logits.crossEntropy(labels, reduction: .sum, ignoring: 2).backward()
        let gradient = try logits.gradient()
        let norms = try #require(gradient).norm(1).floats
        let residuals = try logits.detached().classResiduals(labels, ignoring: 2).floats
        #expect(zip(residuals, norms).allSatisfy { abs($0 - $1) < 1e-5 } && residuals.contains { $0 > 0.5 })
    }

    @Test("The gradients of convolutions and of resizing are the numerical ones")
    func images() throws {
        let image = try Tensor.random([1, 2, 4, 4], seed: 6)
        let inputs = [image, try .random([3, 2, 2, 2], seed: 7), try .random([3], seed: 8)]
        #expect(try gradientMismatches(inputs) { try $0[0].conv2d($0[1], $0[2], stride: 2, padding: 1) } == [])
        let transposed = [image, try .random([2, 3, 2, 2], seed: 9), inputs[2]]
        #expect(try gradientMismatches(transposed) { try $0[0].convTranspose2d($0[1], $0[2], stride: 2) } == [])
        #expect(try gradientMismatches([image]) { try $0[0].interpolated(height: 7, width: 5) } == [])
    }

    @Test("Gradients accumulate over backward passes until they are taken away")
    func accumulation() throws {
        let x = try Tensor([3.0]).requiringGradient()
        #expect(try x.gradient() == nil)
        for count in 1...3 {
            try x.square().sum().backward()
            #expect(try x.gradient()?.doubles == [6 * Double(count)])
        }
        try x.setGradient(nil)
        #expect(try x.gradient() == nil)
        try x.setGradient(Tensor([0.5]))
        #expect(try x.gradient()?.doubles == [0.5])
    }

    @Test("A gradient of another shape is refused")
    func gradientOfAnotherShape() throws {
        let x = try Tensor.zeros([2, 3]).requiringGradient()
        let error = try #require(throws: TorchError.self) { try x.setGradient(.zeros([3])) }
        #expect(error.operation == "setGradient")
        #expect(try x.gradient() == nil)
    }

    @Test("A gradient that lies otherwise than its tensor is laid out like it")
    func gradientLayout() throws {
        let x = try Tensor.zeros([2, 3]).requiringGradient()
        try x.setGradient(Tensor([Float(1), 2, 3, 4, 5, 6], shape: [3, 2]).transposed(0, 1))
        #expect(try #require(try x.gradient()).isContiguous && x.gradient()?.floats == [1, 3, 5, 2, 4, 6])
        // The gradient of a sum is one number seen six times.
        let ones = try Tensor.gradients(of: [x.sum()], weightedBy: [Tensor(Float(1))], withRespectTo: [x])
        try x.setGradient(ones[0])
        #expect(try #require(try x.gradient()).isContiguous)
    }

    @Test("A graph is freed by its backward pass unless it is retained")
    func retention() throws {
        let x = try Tensor([2.0]).requiringGradient()
        let y = try x.square().sum()
        try y.backward(retainGraph: true)
        try y.backward()
        #expect(try x.gradient()?.doubles == [8])
        #expect(throws: TorchError.self) { try y.backward() }
    }

    @Test("A detached tensor shares memory and takes no part in gradients")
    func detached() throws {
        let x = try Tensor([2.0]).requiringGradient()
        let constant = try x.detached()
        #expect(x.requiresGradient && !constant.requiresGradient)
        try (x * constant).sum().backward()
        #expect(try x.gradient()?.doubles == [2])
    }

    @Test("Vector-Jacobian products are those of the Jacobian and leave the leaves alone")
    func vectorJacobian() throws {
        let x = try Tensor([1.0, 2, 3]).requiringGradient()
        let unused = try Tensor([1.0]).requiringGradient()
        let matrix = try Tensor([1.0, 0, 2, 0, 1, 1], shape: [2, 3])
        let y = try matrix.matmul(x.square())  // J = M diag(2x)
        let found = try Tensor.gradients(
            of: [y], weightedBy: [Tensor([1.0, -1])], withRespectTo: [x, unused], retainGraph: true)
        #expect(try found[0]?.doubles == [2, -4, 6])
        #expect(found[1] == nil)
        #expect(try x.gradient() == nil)
        let sum = try Tensor.gradients(
            of: [y, x.sum()], weightedBy: [Tensor([1.0, -1]), Tensor([10.0], shape: [])], withRespectTo: [x])
        #expect(try sum[0]?.doubles == [12, 6, 16])
    }

    @Test("Gradients of gradients follow from a created graph")
    func secondOrder() throws {
        let x = try Tensor([2.0]).requiringGradient()
        let first = try Tensor.gradients(
            of: [x.pow(3)], weightedBy: [Tensor([1.0])], withRespectTo: [x], createGraph: true)
        let slope = try #require(first[0])
        let second = try Tensor.gradients(of: [slope], weightedBy: [Tensor([1.0])], withRespectTo: [x])
        #expect(try slope.doubles == [12])
        #expect(try second[0]?.doubles == [12])
    }

    @Test("Neither a constant output nor a constant input has a gradient")
    func constants() throws {
        let x = try Tensor([2.0]).requiringGradient()
        let constant = try Tensor([1.0])
        #expect(throws: TorchError.self) {
            try Tensor.gradients(of: [constant], weightedBy: [constant], withRespectTo: [x])
        }
        #expect(throws: TorchError.self) {
            try Tensor.gradients(of: [x.square()], weightedBy: [constant], withRespectTo: [constant])
        }
    }

    @Test("Without gradients nothing is recorded, and the flag comes back, also after an error and from within")
    func withoutRecording() throws {
        struct Stop: Error {}
        let x = try Tensor([2.0]).requiringGradient()
        let isRecording = { try (x * 1).requiresGradient }
        #expect(try withoutGradients { try isRecording() } == false)
        #expect(try isRecording())
        #expect(throws: Stop.self) { try withoutGradients { throw Stop() } }
        #expect(try isRecording())
        let nested = try withoutGradients { [try withoutGradients { try isRecording() }, try isRecording()] }
        #expect(nested == [false, false])
        #expect(try isRecording())
    }
}
