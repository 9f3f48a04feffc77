import Models
import NN
import TestSupport
import Testing
import Torch

@testable import AttentionKernels

@Suite struct TangentKernelTests {
    /// A tiny vision transformer with images.
    func vision(
        _ count: Int = 4, restriction: String? = nil, dtype: DType = .float64, width: Int = 4, inner: Int = 4
    ) throws -> DifferentiableLearner {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.channelCount) = (4, 2, 1)
        (configuration.classCount, configuration.hiddenSize, configuration.intermediateSize) = (3, width, inner)
        (configuration.layerCount, configuration.headCount, configuration.initializerRange) = (1, 2, 0.4)
        let (model, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 1, dtype: dtype)) {
            path throws(TorchError) in try ViT(path, configuration)
        }
        return try DifferentiableLearner(
            model, parameters, images: .random([count, 1, 4, 4], seed: 2).to(dtype), restrictedTo: restriction)
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

    @Test("Blocks of any size give the same kernel and sketch", arguments: [2, 3, 5], KernelPrecision.allCases)
    func blocks(examples: Int, precision: KernelPrecision) throws {
        for learner in [try vision(5), try oneByOne(vision(5))] {
            let whole = try TangentKernel(learner)
            let blocked = try TangentKernel(
                learner, memory: learner.bytesPerExample * examples, precision: precision)
            #expect(blocked.blocks.count == (examples == 5 ? 1 : 5 / (examples / 2)))
            let tolerance = Tolerance(absolute: 1e-12, relative: 1e-12)
            #expect(try mismatch(blocked.matrix(), whole.matrix(), tolerance) == nil)
            #expect(try mismatch(blocked.sketch(width: 8).estimate, whole.sketch(width: 8).estimate, tolerance) == nil)
        }
    }

    /// The same learner with its examples differentiated one at a time.
    func oneByOne(_ learner: DifferentiableLearner) throws -> DifferentiableLearner {
        try DifferentiableLearner(
            learner.parameters, exampleCount: learner.exampleCount, outputCount: learner.outputCount,
            outputs: learner.outputs)
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

    @Test("A restriction to nothing and outputs without derivatives are errors that say what to restrict")
    func badInput()
        throws
    {
        let missing = #expect(throws: AntkError.self) { _ = try vision(restriction: "lora") }
        #expect(missing?.description.hasPrefix("no trainable parameter's name contains 'lora'") == true)
        let (_, parameters) = try TinyLearner.make()
        func message(_ outputs: @escaping (Int) throws -> Tensor) -> String? {
            #expect(throws: AntkError.self) {
                let learner = try DifferentiableLearner(parameters, exampleCount: 2, outputCount: 1, outputs: outputs)
                _ = try TangentKernel(learner).matrix()
            }?.description
        }
        let tensors = parameters.list.tensors
        let (first, second) = (parameters.entries[0].name, parameters.entries[1].name)
        let last = parameters.entries[parameters.entries.count - 1].name
        #expect(
            message { _ in try .zeros([1]) }
                == "example 0 cannot be differentiated: its outputs depend on none of the parameters in a way that can be "
                + "differentiated; restrict the outputs, or the parameters, to others")
        // What is compared has no derivative: the first parameter is cut off.
        #expect(
            message { _ in
                let others = try tensors.dropFirst().map { try $0.sum() }
                return try (others.reduce(tensors[0].sum().greater(0).to(.float32)) { try $0 + $1 }).reshaped(1)
            }
                == "example 0 cannot be differentiated: its outputs do not depend on \(first) in a way that can be "
                + "differentiated; restrict the parameters to others, such as \(last)")
        // The root of 0 has no slope.
        #expect(
            message { example in
                let whole = try tensors.map { try $0.sum() }.reduce(Tensor(0)) { try $0 + $1 }
                return try example == 0 ? whole.reshaped(1) : (whole + (tensors[1].sum() * 0).sqrt()).reshaped(1)
            }
                == "example 1 cannot be differentiated: a derivative of its outputs by \(second) is not a finite number; "
                + "restrict the parameters to others, such as \(last)")
    }

    @Test("Derivatives by large matrices rounded to bfloat16 give the kernel nearly") func rounded() throws {
        // The learner's two inner maps are as large as that.
        let learner = try vision(30, dtype: .float32, width: 64, inner: 256)
        let exact = try TangentKernel(learner, precision: .full).matrix()
        let rounded = try TangentKernel(learner, precision: .bfloat16).matrix()
        let distance = try relativeDistance(rounded, exact)
        #expect(distance > 0 && distance < 1e-4, "\(distance)")
        #expect(try mismatch(rounded, rounded.transposed(0, 1), Tolerance(absolute: 0, relative: 0)) == nil)
        let spectrum = try Spectrum(rounded)
        #expect(spectrum.smallest > -1e-6 * spectrum.largest)
        let blocked = try TangentKernel(learner, memory: 7 * learner.bytesPerExample, precision: .bfloat16)
        #expect(blocked.blocks.count == 10)
        #expect(try relativeDistance(blocked.matrix(), rounded) < 1e-6)
        #expect(try TangentKernel(learner).precision == (Engine.hasBFloat16Products ? .bfloat16 : .full))
        // Small parameters are never rounded, nor is fp64.
        let small = try vision(3, dtype: .float32)
        let (a, b) = try (
            TangentKernel(small, precision: .bfloat16).matrix(), TangentKernel(small, precision: .full).matrix()
        )
        #expect(try relativeDistance(a, b) == 0)
        let wide = try vision(2, width: 64, inner: 256)
        let (c, d) = try (
            TangentKernel(wide, precision: .bfloat16).matrix(), TangentKernel(wide, precision: .full).matrix()
        )
        #expect(try relativeDistance(c, d) == 0)
    }
}
