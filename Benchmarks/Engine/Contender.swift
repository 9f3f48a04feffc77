import Checkpoints
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

    private let subject: any Subject
    private let optimizer: AdamW
    private let stopwatch: Stopwatch
    private let precision: Precision

    /// - Parameter precision: not `auto`.
    init(_ workload: Workload, batches: Int, _ precision: Precision, _ stopwatch: Stopwatch) throws {
        subject = try workload.subject(precision, batches: batches)
        optimizer = try AdamW(subject.parameters, .init())
        (self.stopwatch, self.precision) = (stopwatch, precision)
    }

    /// Writes weights and data where the peer reads them.
    func write(to file: URL) throws {
        try SafetensorsFile.write(subject.parameters.entries + subject.inputs, to: file.path)
    }

    func step(_ index: Int) throws -> Pass {
        Engine.linearKernels = precision.linearKernels
        var loss = 0.0
        let seconds = try stopwatch.seconds {
            let mean = try subject.losses(index).mean()
            try mean.backward()
            _ = try optimizer.step(learningRate: Self.learningRate, clippingTo: Self.largestNorm)
            loss = try mean.item()
        }
        return Pass(seconds: seconds, loss: loss)
    }

    /// - Parameter precision: that of training where nil.
    func score(_ index: Int, at precision: Precision? = nil) throws -> Pass {
        Engine.linearKernels = (precision ?? self.precision).linearKernels
        var scores: [Float] = []
        let seconds = try stopwatch.seconds { scores = try subject.scores(index) }
        return Pass(seconds: seconds, loss: Double(scores.reduce(0, +)) / Double(scores.count))
    }

    /// One token of a generation; nil for what is no decoder, and in bf16.
    func token(_ index: Int) throws -> Pass? {
        Engine.linearKernels = precision.linearKernels
        return try subject.generate(stopwatch, index)
    }

    /// Operations a second of a 1024³ linear map at this precision.
    func matrixRate() throws -> Double {
        Engine.linearKernels = precision.linearKernels
        let type: DType = precision == .bf16 ? .bfloat16 : .float32
        let generator = try Generator(seed: 1)
        let (x, weight) = (try generator.normal([1024, 1024]).to(type), try generator.normal([1024, 1024]).to(type))
        var seconds: [Double] = []
        for _ in 0..<3 { seconds.append(try stopwatch.seconds { _ = try x.linear(weight) }) }
        return 2 * 0x1p30 / seconds.median
    }
}
