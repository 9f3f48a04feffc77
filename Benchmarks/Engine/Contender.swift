import Checkpoints
import Datasets
import Foundation
import NN
import Torch
import Training

/// What one timed call took, and the mean loss of its batch.
struct Pass: Decodable {
    let seconds: Double
    let loss: Double
}

/// Our side: a learner with its optimiser, called as the trainer calls it.
final class Contender {
    /// Low enough that rounding does not grow within the steps that are compared.
    static let learningRate = 1e-4
    static let largestNorm = 1.0

    private let learner: ImageClassifier
    private let optimizer: AdamW
    private let batches: [ImageBatch]
    private let stopwatch: Stopwatch
    private let precision: Precision

    /// - Parameter precision: not `auto`.
    init(_ workload: Workload, _ batches: [ImageBatch], _ precision: Precision, _ stopwatch: Stopwatch) throws {
        learner = try ImageClassifier(
            ParameterBuilder(seed: 0), workload.configuration, computeType: precision == .bf16 ? .bfloat16 : nil)
        optimizer = try AdamW(learner.parameters, .init())
        (self.batches, self.stopwatch, self.precision) = (batches, stopwatch, precision)
    }

    /// Writes weights and data where the peer reads them.
    func write(to file: URL) throws {
        let shape = [batches.count] + batches[0].shape
        let images = try Tensor(batches.flatMap(\.pixels), shape: shape)
        let labels = try Tensor(batches.flatMap(\.labels), shape: [shape[0], shape[1]])
        try SafetensorsFile.write(
            learner.parameters.entries + [
                .init(name: "images", tensor: images), .init(name: "labels", tensor: labels),
            ],
            to: file.path)
    }

    func step(_ index: Int) throws -> Pass {
        Engine.setFastLinear(precision == .fp32Fast)
        var loss = 0.0
        let seconds = try stopwatch.seconds {
            let losses = try learner.assess(batches[index], elements: nil, score: nil, isTraining: true).losses
            let mean = try losses.mean()
            try mean.backward()
            _ = try optimizer.step(learningRate: Self.learningRate, clippingTo: Self.largestNorm)
            loss = try mean.item()
        }
        return Pass(seconds: seconds, loss: loss)
    }

    func score(_ index: Int) throws -> Pass {
        Engine.setFastLinear(precision == .fp32Fast)
        var scores: [Float] = []
        let seconds = try stopwatch.seconds {
            scores = try withoutGradients {
                try learner.assess(batches[index], elements: nil, score: .loss, isTraining: false).scores?.values()
                    ?? []
            }
        }
        return Pass(seconds: seconds, loss: Double(scores.reduce(0, +)) / Double(scores.count))
    }

    /// Operations a second of a 1024³ linear map at this precision.
    func matrixRate() throws -> Double {
        Engine.setFastLinear(precision == .fp32Fast)
        let type: DType = precision == .bf16 ? .bfloat16 : .float32
        let generator = try Generator(seed: 1)
        let (x, weight) = (try generator.normal([1024, 1024]).to(type), try generator.normal([1024, 1024]).to(type))
        var seconds: [Double] = []
        for _ in 0..<3 { seconds.append(try stopwatch.seconds { _ = try x.linear(weight) }) }
        return 2 * 0x1p30 / seconds.median
    }
}
