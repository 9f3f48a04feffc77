import Datasets
import Models
import NN
import Torch
import Training

extension Workload {
    /// A fresh learner and batches of noise, of which nothing is learned in the few steps of a benchmark.
    func subject(_ precision: Precision, batches count: Int) throws -> any Subject {
        let type = precision.computeType(on: .cpu)
        let generator = try Generator(seed: 7)
        switch model {
        case .vit(let configuration):
            return try images(
                ImageClassifier(ParameterBuilder(seed: 0), configuration, computeType: type), configuration, generator,
                count)
        case .encoder(let configuration):
            return try encoder(EncoderLearner(configuration, type), configuration, generator, count)
        case .gpt2(let configuration): return try decoder(.gpt2(configuration), precision, generator, count)
        case .llama(let configuration): return try decoder(.llama(configuration), precision, generator, count)
        }
    }

    private func images(
        _ learner: ImageClassifier, _ c: ViT.Configuration, _ generator: Generator, _ count: Int
    ) throws -> any Subject {
        let shape = [batchSize, c.channelCount, c.imageSize, c.imageSize]
        var batches: [ImageBatch] = []
        for _ in 0..<count {
            let pixels: [Float] = try generator.normal(shape).values()
            let labels: [Float] = try generator.uniform([batchSize], in: 0..<Double(c.classCount)).values()
            batches.append(
                ImageBatch(
                    pixels: pixels, labels: labels.map(Int64.init), channels: c.channelCount,
                    size: ImageSize(height: c.imageSize, width: c.imageSize)))
        }
        let inputs = [
            Parameters.Entry(name: "images", tensor: try Tensor(batches.flatMap(\.pixels), shape: [count] + shape)),
            Parameters.Entry(
                name: "labels", tensor: try Tensor(batches.flatMap(\.labels), shape: [count, batchSize])),
        ]
        return TaughtSubject(learner: learner, batches: batches, inputs: inputs)
    }

    private func encoder(
        _ learner: EncoderLearner, _ c: MultiMAE.Configuration, _ generator: Generator, _ count: Int
    ) throws -> any Subject {
        var (images, visible): ([Tensor], [Tensor]) = ([], [])
        for _ in 0..<count {
            images.append(try generator.normal([batchSize, 3, c.imageSize, c.imageSize]))
            // A random choice for each image: the places of the largest of random numbers, rising.
            let keys = try generator.uniform([batchSize, c.patchCount], in: 0..<1)
            visible.append(try keys.top(c.visibleTokenCount).indices.sorted().values)
        }
        let batches = zip(images, visible).map {
            EncoderLearner.Content(images: ModalityImages(rgb: $0), visible: ElementSubset(indices: $1))
        }
        let inputs = [
            Parameters.Entry(name: "images", tensor: try .stacked(images)),
            Parameters.Entry(name: "visible", tensor: try .stacked(visible)),
        ]
        return TaughtSubject(learner: learner, batches: batches, inputs: inputs)
    }

    private func decoder(
        _ network: LanguageNetwork, _ precision: Precision, _ generator: Generator, _ count: Int
    ) throws -> any Subject {
        let learner = try LanguageLearner(
            ParameterBuilder(seed: 0), network, computeType: precision.computeType(on: .cpu))
        let (length, vocabulary) = (learner.model.contextLength, learner.model.vocabularySize)
        var (batches, rows): ([TokenBatch], [Int64]) = ([], [])
        for _ in 0..<count {
            let drawn: [Float] = try generator.uniform([batchSize * (length + 1)], in: 0..<Double(vocabulary)).values()
            let ids = drawn.map { Int64($0) }
            rows += ids
            let sequences = stride(from: 0, to: ids.count, by: length + 1).map { ids[$0...$0 + length].map(Int32.init) }
            batches.append(
                TokenBatch(
                    tokens: sequences.flatMap { $0.dropLast() }, labels: sequences.flatMap { $0.dropFirst() },
                    width: length))
        }
        let tokens = try Tensor(rows, shape: [count, batchSize, length + 1])
        return TaughtSubject(
            learner: learner, batches: batches, inputs: [Parameters.Entry(name: "tokens", tensor: tokens)],
            generation: precision == .bf16 ? nil : Generation(model: learner.model, tokens: tokens))
    }
}
