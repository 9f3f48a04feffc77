import Models
import NN
import TestSupport
import Testing
import Torch

@testable import AttentionKernels

@Suite struct TangentKernelTests {
    /// A tiny vision transformer in fp64 with images.
    func vision(
        _ count: Int = 4, restriction: String? = nil, pooling: ViT.Configuration.Pooling = .cls
    ) throws -> DifferentiableLearner {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.channelCount) = (4, 2, 1)
        (configuration.classCount, configuration.hiddenSize, configuration.intermediateSize) = (3, 4, 4)
        (configuration.layerCount, configuration.headCount, configuration.initializerRange) = (1, 2, 0.4)
        configuration.pooling = pooling
        let (model, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 1, dtype: .float64)) {
            path throws(TorchError) in try ViT(path, configuration)
        }
        return try DifferentiableLearner(
            model, parameters, images: .random([count, 1, 4, 4], seed: 2), restrictedTo: restriction)
    }

    @Test("Symmetric, positive semi-definite, and equal to finite differences") func properties() throws {
        let learner = try vision()
        let kernel = try TangentKernel(learner).matrix()
        #expect(kernel.shape == [12, 12])
        #expect(try mismatch(kernel, kernel.transposed(0, 1), Tolerance(absolute: 1e-12, relative: 1e-12)) == nil)
        let spectrum = try Spectrum(kernel)
        #expect(spectrum.smallest > -1e-10 * spectrum.largest)
        let jacobian = try learner.numericalJacobian()
        let numerical = try jacobian.matmul(jacobian.transposed(0, 1))
        #expect(try mismatch(kernel, numerical, Tolerance(absolute: 1e-6, relative: 1e-6)) == nil)
    }

    @Test("All examples at once have the derivatives that they have one by one", arguments: [nil, "classifier,query"])
    func atOnce(restriction: String?) throws {
        for pooling in ViT.Configuration.Pooling.allCases {
            let learner = try vision(3, restriction: restriction, pooling: pooling)
            var parts: [String: [Tensor]] = [:]
            try learner.forEachDerivative(of: 0..<3) { parts[$0 ?? "", default: []].append($1) }
            #expect(parts.count == learner.parameters.entries.count)
            let found = try Tensor.concatenated(
                learner.parameters.entries.flatMap { try #require(parts[$0.name]) }, 1)
            let expected = try Tensor.concatenated((0..<3).map { try learner.jacobian(of: $0) }, 0)
            #expect(found.shape == [9, learner.parameters.count])
            #expect(try mismatch(found, expected, Tolerance(absolute: 1e-12, relative: 1e-12)) == nil)
        }
    }

    @Test("A kernel of several strips is that of the derivatives") func strips() throws {
        let learner = try vision(90)
        let jacobian = try Tensor.concatenated((0..<90).map { try learner.jacobian(of: $0) }, 0)
        let expected = try jacobian.matmul(jacobian.transposed(0, 1))
        let tolerance = Tolerance(absolute: 1e-10, relative: 1e-10)
        #expect(try mismatch(TangentKernel(learner).matrix(), expected, tolerance) == nil)
    }

    @Test("The one-layer learner's kernel by automatic differentiation is its closed form") func closedForm() throws {
        let learner = try SelfAttention(elementSize: 3, width: 4, outputs: 2, seed: 3)
        let sequences = try (0..<3).map { try Tensor.random([4, 3], seed: 10 + $0) }
        let derivatives = try sequences.map { try AttentionDerivative(learner, $0) }
        let rows = try derivatives.map { a in try Tensor.concatenated(derivatives.map { try a.kernel($0) }, 1) }
        let found = try TangentKernel(learner.differentiable(on: sequences)).matrix()
        #expect(try mismatch(found, .concatenated(rows, 0), Tolerance(absolute: 1e-10, relative: 1e-10)) == nil)
    }

    @Test("Blocks of any size give the same kernel", arguments: [2, 3, 5]) func blocks(examples: Int) throws {
        let learner = try vision(5)
        let whole = try TangentKernel(learner).matrix()
        let bytes = learner.parameters.count * 8 * 3
        let blocked = try TangentKernel(learner, memory: bytes * examples)
        #expect(try mismatch(blocked.matrix(), whole, Tolerance(absolute: 1e-12, relative: 1e-12)) == nil)
    }

    @Test("Kernels of disjoint parts of the parameters add up to the whole") func restriction() throws {
        let whole = try TangentKernel(vision()).matrix()
        let parts = try ["classifier", "vit"].map { try TangentKernel(vision(restriction: $0)).matrix() }
        #expect(try mismatch(parts[0] + parts[1], whole, Tolerance(absolute: 1e-10, relative: 1e-10)) == nil)
    }

    @Test("The last layer's kernel is that of its inputs, one for all outputs alike") func lastLayer() throws {
        let kernel = try TangentKernel(vision(2, restriction: "classifier")).matrix().doubles
        // ⟨h, h'⟩ + 1 times the identity over the outputs.
        for (row, column) in [(0, 1), (0, 4), (2, 3)] { #expect(abs(kernel[row * 6 + column]) < 1e-12) }
        #expect(kernel[0].isNear(kernel[7]) && kernel[3].isNear(kernel[1 * 6 + 4]))
    }

    @Test("A language model's kernel by its adapters alone") func adapters() throws {
        var configuration = GPT2.Configuration()
        (configuration.vocabularySize, configuration.hiddenSize, configuration.intermediateSize) = (7, 8, 8)
        (configuration.layerCount, configuration.headCount, configuration.contextLength) = (1, 2, 6)
        let policy = AdapterPolicy(rank: 2, alpha: 4, targetModules: ["c_attn"])
        let (model, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 1, adapters: .init(policy))) {
            path throws(TorchError) in try GPT2(path, configuration)
        }
        let tokens = try Tensor([1, 2, 3, 4, 5, 6, 0, 1, 2].map { Int64($0) }, shape: [3, 3])
        let learner = try DifferentiableLearner(model, parameters, tokens: tokens, vocabulary: [0, 3])
        #expect(learner.parameters.entries.allSatisfy { $0.name.contains("lora_") })
        let spectrum = try Spectrum(TangentKernel(learner).matrix())
        #expect(spectrum.largest > 0 && spectrum.smallest > -1e-5 * spectrum.largest)
    }

    @Test("A random projection is unbiased within its error bar, and better the wider it is") func sketch() throws {
        let kernel = try TangentKernel(vision())
        let exact = try kernel.matrix()
        let narrow = try kernel.sketch(width: 8, repeats: 64, seed: 5)
        let deviations = try ((narrow.estimate - exact) / (narrow.standardError + 1e-12)).abs().doubles
        #expect(deviations.count { $0 > 4 } <= 1, "\(deviations.max() ?? 0)")
        let wide = try kernel.sketch(width: 64, repeats: 64, seed: 6)
        #expect(try relativeDistance(wide.estimate, exact) < relativeDistance(narrow.estimate, exact))
        #expect(try Spectrum(wide.estimate).smallest > -1e-9)
    }

    @Test("Too little memory says what to restrict") func memory() throws {
        let error = #expect(throws: AntkError.self) { _ = try TangentKernel(vision(), memory: 1000) }
        #expect(error?.description.contains("restrict the parameters or outputs, or allow more") == true)
    }

    @Test("A restriction to nothing and outputs without derivatives are errors") func badInput() throws {
        let missing = #expect(throws: AntkError.self) { _ = try vision(restriction: "lora") }
        #expect(missing?.description.hasPrefix("no trainable parameter's name contains 'lora'") == true)
        let (_, parameters) = try TinyLearner.make()
        let frozen = try DifferentiableLearner(parameters, exampleCount: 1, outputCount: 2) { _ in try .zeros([2]) }
        #expect(throws: AntkError.self) { _ = try TangentKernel(frozen).matrix() }
        let infinite = try DifferentiableLearner(parameters, exampleCount: 1, outputCount: 1) { _ in
            try (parameters.list.tensors[0].sum() * 0).sqrt().reshaped(1)
        }
        let error = #expect(throws: AntkError.self) { _ = try TangentKernel(infinite).matrix() }
        #expect(error?.description.contains("example 0") == true)
    }
}
