import Models
import NN
import TestSupport
import Testing
import Torch

@testable import AttentionKernels

/// Learners whose examples are differentiated many at a time have the derivatives of one at a time.
@Suite struct BatchedDerivativeTests {
    private func build<Model>(
        adapters: ParameterBuilder.Adapters? = nil, _ body: (Path) throws(TorchError) -> Model
    ) throws -> (Model, Parameters) {
        let (model, parameters) = try ParameterBuilder.build(
            ParameterBuilder(seed: 1, dtype: .float64, adapters: adapters), body)
        // Norms and biases start at ones and zeros, adapters at zeros, which would hide some errors.
        for (index, entry) in parameters.entries.enumerated() {
            let noise = try Tensor.random(entry.tensor.shape, seed: 100 + UInt64(index)).to(entry.tensor.dtype)
            try entry.tensor.copy(from: withoutGradients { try entry.tensor + noise * 0.3 })
        }
        return (model, parameters)
    }

    /// Every row of every parameter alone, against the whole graph's derivatives.
    private func check(
        _ learner: DifferentiableLearner, _ tolerance: Tolerance = .init(absolute: 1e-10, relative: 1e-10),
        at location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(learner.isBatched, sourceLocation: location)
        let derivatives = try learner.derivatives(of: 0..<learner.exampleCount)
        let rows = learner.exampleCount * learner.outputCount
        var parts: [Tensor] = []
        for (index, entry) in learner.parameters.entries.enumerated() {
            let (count, size) = ParameterTap.rows(of: entry.tensor)
            for row in 0..<count {
                let part = try derivatives(DerivativePiece(parameter: index, rows: row..<row + 1))
                parts.append(try part ?? .zeros([rows, size], dtype: entry.tensor.dtype))
            }
        }
        let expected = try Tensor.concatenated(
            (0..<learner.exampleCount).map { try learner.jacobian(of: $0) }, 0)
        let found = try Tensor.concatenated(parts, 1)
        #expect(found.shape == [rows, learner.parameters.count], sourceLocation: location)
        let difference = try mismatch(found, expected, tolerance)
        #expect(difference == nil, "\(difference ?? "")", sourceLocation: location)
    }

    @Test("Vision transformers", arguments: [nil, "classifier,query"], ViT.Configuration.Pooling.allCases)
    func vit(restriction: String?, pooling: ViT.Configuration.Pooling) throws {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.channelCount) = (4, 2, 2)
        (configuration.classCount, configuration.hiddenSize, configuration.intermediateSize) = (3, 4, 6)
        (configuration.layerCount, configuration.headCount) = (2, 2)
        configuration.pooling = pooling
        let (model, parameters) = try build { path throws(TorchError) in try ViT(path, configuration) }
        let images = try Tensor.random([3, 2, 4, 4], seed: 2)
        try check(.init(model, parameters, images: images, restrictedTo: restriction))
        // Images of another size have positions in between.
        try check(.init(model, parameters, images: .random([3, 2, 6, 6], seed: 2), restrictedTo: restriction))
    }

    private let tokens = [1, 2, 3, 4, 5, 6, 0, 1, 2, 2, 2, 5].map { Int64($0) }

    @Test("GPT-2, with the table of its embedding as head or with a head of its own", arguments: [true, false])
    func gpt2(ties: Bool) throws {
        var configuration = GPT2.Configuration()
        (configuration.vocabularySize, configuration.hiddenSize, configuration.intermediateSize) = (7, 4, 6)
        (configuration.layerCount, configuration.headCount, configuration.contextLength) = (2, 2, 6)
        configuration.tiesWordEmbeddings = ties
        let (made, parameters) = try build { path throws(TorchError) in try GPT2(path, configuration) }
        var model = made
        model.recomputesActivations = true
        try check(.init(model, parameters, tokens: Tensor(tokens, shape: [3, 4]), vocabulary: [0, 3]))
    }

    @Test("Llamas, also with windows, biases, Gemma's gains and tied tables", arguments: Llama.Family.allCases)
    func llama(family: Llama.Family) throws {
        let (model, parameters) = try build { path throws(TorchError) in try Llama(path, configuration(family)) }
        try check(.init(model, parameters, tokens: Tensor(tokens, shape: [3, 4]), vocabulary: [0, 3, 6]))
    }

    private func configuration(_ family: Llama.Family) -> Llama.Configuration {
        var configuration = Llama.Configuration()
        (configuration.family, configuration.vocabularySize, configuration.hiddenSize) = (family, 7, 4)
        (configuration.intermediateSize, configuration.layerCount) = (6, 2)
        (configuration.headCount, configuration.keyValueHeadCount, configuration.headSize) = (2, 1, 2)
        configuration.windows = family == .mistral ? [2, 2] : [nil, nil]
        configuration.tiesWordEmbeddings = family == .gemma
        return configuration
    }

    @Test("The adapters of a Llama") func adapters() throws {
        let policy = AdapterPolicy(rank: 2, alpha: 4, targetModules: ["q_proj", "down_proj"])
        let (model, parameters) = try build(adapters: .init(policy)) { path throws(TorchError) in
            try Llama(path, configuration(.llama))
        }
        let learner = try DifferentiableLearner(
            model, parameters, tokens: Tensor(tokens, shape: [3, 4]), vocabulary: [0, 3])
        #expect(learner.parameters.entries.count == 8)
        // Adapters are fp32 in every case.
        try check(learner, Tolerance(absolute: 1e-4, relative: 1e-4))
    }

    private var images: ModalityImages {
        get throws {
            let classes = try Tensor.random([3, 4, 4], seed: 7).greater(0).to(.int64)
            return try ModalityImages(
                rgb: .random([3, 3, 4, 4], seed: 5), depth: .random([3, 1, 4, 4], seed: 6), semantics: classes)
        }
    }

    private var multimae: MultiMAE.Configuration {
        var configuration = MultiMAE.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.semanticClassCount) = (4, 2, 2)
        (configuration.semanticEmbeddingSize, configuration.hiddenSize, configuration.intermediateSize) = (2, 4, 6)
        (configuration.layerCount, configuration.headCount, configuration.visibleTokenCount) = (2, 2, 5)
        (configuration.decoderHiddenSize, configuration.decoderIntermediateSize) = (4, 6)
        (configuration.decoderLayerCount, configuration.decoderHeadCount) = (1, 2)
        return configuration
    }

    @Test("Classifiers, segmenters and depth estimators of several modalities") func heads() throws {
        let images = try images
        let (classifier, parameters) = try build { path throws(TorchError) in
            try MultiMAEClassifier(path, multimae, classCount: 3)
        }
        try check(.init(classifier, parameters, images: images, classCount: 3))
        let (segmenter, ofSegmenter) = try build { path throws(TorchError) in
            try MultiMAESegmenter(path, multimae, classCount: 2, channels: 2, blockCount: 1)
        }
        try check(
            .init(
                ofSegmenter, exampleCount: 3, outputCount: 2,
                batch: { try segmenter.logits(images.examples($0)).mean(2, 3) }))
        let (estimator, ofEstimator) = try build { path throws(TorchError) in
            try MultiMAEDepthEstimator(path, multimae, channels: 2)
        }
        try check(
            .init(
                ofEstimator, exampleCount: 3, outputCount: 1,
                batch: { try estimator.logDepth(images.examples($0)).mean(2, 3) }))
    }

    @Test("Masked autoencoders with their decoders") func reconstruction() throws {
        let (images, visible) = (try images, try Tensor([0, 2, 5, 8, 1, 3, 6, 11, 2, 4, 7, 9].map { Int64($0) }))
        let (model, parameters) = try build { path throws(TorchError) in try MultiMAE(path, multimae) }
        let subset = try visible.reshaped(3, 4)
        try check(
            .init(
                parameters, exampleCount: 3, outputCount: 3,
                batch: { examples in
                    let found = try model.reconstructions(
                        images.examples(examples), visible: ElementSubset(indices: subset.sliced(0, examples)))
                    return try .stacked(Modality.allCases.map { try (found[$0] ?? .zeros([1])).mean(1, 2) }, 1)
                }), Tolerance(absolute: 1e-5, relative: 1e-5))
    }

    @Test("Examples that depend on one another, and uses that nobody tells of, are found out") func foundOut() throws {
        let (_, parameters) = try TinyLearner.make()
        let (weight, inputs) = (parameters.list.tensors[0], try Tensor.random([4, 3], seed: 3).to(.float32))
        func learner(_ batch: @escaping (Range<Int>) throws -> Tensor) throws -> DifferentiableLearner {
            try DifferentiableLearner(
                .init([parameters.entries[0]]), exampleCount: 4, outputCount: weight.size(0), batch: batch)
        }
        func told(_ examples: Range<Int>) throws -> Tensor {
            let x = try inputs.sliced(0, examples).sliced(1, 0..<weight.size(1))
            let y = try x.linear(weight)
            try ParameterTap.linear(weight, nil, from: x, to: y)
            return y
        }
        try check(learner(told), .float32)
        #expect(try !learner { try told($0) - told($0).mean(0) }.isBatched)
        #expect(try !learner { try told($0) + weight.sum() }.isBatched)
        let silent = try learner { try inputs.sliced(0, $0).sliced(1, 0..<weight.size(1)).linear(weight) }
        #expect(!silent.isBatched)
        let expected = try TangentKernel(learner(told)).matrix()
        #expect(try mismatch(TangentKernel(silent).matrix(), expected, .float32) == nil)
    }
}
