import MLX
import MLXLMCommon
import MLXNN
import MLXOptimizers
import Teaching

/// A language model whose adapters learn texts, and which tells the losses of single ones.
final class AdapterLearner {
    private let model: any LanguageModel
    private let texts: [[Int32]]
    private let optimizer = Adam(learningRate: 0)
    private let scoringBatchSize = 16

    /// - Parameters:
    ///   - model: with its adapters in place and all else frozen, as `LoRAContainer.from(model:)` leaves it.
    ///   - texts: token ids, at least two a text: one to read and one to predict.
    init(model: any LanguageModel, texts: [[Int32]]) {
        (self.model, self.texts) = (model, texts)
    }

    var textCount: Int { texts.count }

    /// One step on a batch, on the mean of its texts' losses, each times its weight.
    ///
    /// - Returns: the losses before the step, in nats a token.
    func train(on batch: Lesson.Batch, rate: Float) -> [Float] {
        optimizer.learningRate = rate
        let weights = batch.weights ?? Array(repeating: 1, count: batch.examples.count)
        let module: Module = model
        let step = valueAndGrad(model: module) { [self] _, arrays in
            let losses = losses(inputs: arrays[0], targets: arrays[1], counts: arrays[2])
            return [(losses * arrays[3]).mean(), losses]
        }
        let (values, gradients) = step(module, arrays(of: batch.examples) + [MLXArray(weights)])
        optimizer.update(model: module, gradients: gradients)
        eval(module, optimizer, values[1])
        return values[1].asArray(Float.self)
    }

    /// The losses without learning from them, in nats a token.
    func losses(of examples: [Int32]) -> [Float] {
        stride(from: 0, to: examples.count, by: scoringBatchSize).flatMap { first in
            let batch = arrays(of: Array(examples[first..<min(first + scoringBatchSize, examples.count)]))
            return losses(inputs: batch[0], targets: batch[1], counts: batch[2]).asArray(Float.self)
        }
    }

    /// Each text's mean over the tokens that it has to predict: `LoRATrain.loss`, text by text.
    ///
    /// - Parameters:
    ///   - inputs: [texts, length].
    ///   - targets: [texts, length].
    ///   - counts: tokens to predict, [texts]; what lies beyond is padding.
    /// - Returns: [texts].
    private func losses(inputs: MLXArray, targets: MLXArray, counts: MLXArray) -> MLXArray {
        let logits = model(inputs, cache: nil).asType(.float32)
        let isText = MLXArray(0..<inputs.dim(1))[.newAxis, 0...] .< counts[0..., .newAxis]
        return (crossEntropy(logits: logits, targets: targets) * isText).sum(axis: 1) / counts
    }

    /// Inputs, targets and counts, the shorter texts filled up with zeros.
    private func arrays(of examples: [Int32]) -> [MLXArray] {
        let texts = examples.map { self.texts[Int($0)] }
        let length = texts.map(\.count).max() ?? 0
        let padded = texts.flatMap { $0 + Array(repeating: 0, count: length - $0.count) }
        let tokens = MLXArray(padded, [texts.count, length])
        return [
            tokens[0..., 0..<(length - 1)], tokens[0..., 1...], MLXArray(texts.map { Int32($0.count - 1) }),
        ]
    }
}
