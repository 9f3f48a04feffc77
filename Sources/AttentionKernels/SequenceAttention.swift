import Torch

/// A one-layer attention learner that tells a class from a sequence, trained for a while by its closed-form derivatives alone.
struct SequenceAttention {
    /// Which of the elements' outputs answer: all of them on average, or the last one's.
    enum Reading { case mean, last }

    private(set) var learner: SelfAttention
    /// [N, n, D] in float64
    private let sequences: Tensor
    private let labels: [Int64]
    private let targets: Tensor
    /// How much each element's output counts, [n, 1].
    private let shares: Tensor

    private static let width = 16

    /// - Parameters:
    ///   - elements: [N, n, D]; a place, one-hot, is put to each.
    ///   - rate: of plain gradient descent on ‖output − one-hot‖²/2, the mean over all sequences.
    init(
        _ elements: Tensor, labels: [Int64], classCount: Int, reading: Reading, seed: UInt64, steps: Int, rate: Double
    ) throws {
        let (count, length) = (elements.size(0), elements.size(1))
        let places = try Tensor.eye(length, dtype: .float64).unsqueezed(0).expanded(count, length, length)
        sequences = try .concatenated([elements.to(.float64), places], 2)
        self.labels = labels
        targets = try Tensor(labels).oneHot(classes: classCount).to(.float64)
        let parts = (0..<length).map { reading == .mean ? 1 / Double(length) : $0 == length - 1 ? 1 : 0 }
        shares = try Tensor(parts, shape: [length, 1])
        learner = try SelfAttention(
            elementSize: sequences.size(2), width: Self.width, outputs: classCount, seed: seed)
        for _ in 0..<steps { try step(rate) }
    }

    /// The answers to all sequences, [N, 1, classes].
    private func outputs() throws(TorchError) -> Tensor {
        try (learner(sequences) * shares).sum(1).unsqueezed(1)
    }

    private mutating func step(_ rate: Double) throws {
        let residuals = try outputs() - targets.unsqueezed(1)
        let gradient = try learner.gradient(sequences, weights: residuals * shares)
        let scale = rate / Double(labels.count)
        learner = try SelfAttention(
            query: learner.query - gradient.query * scale, key: learner.key - gradient.key * scale,
            value: learner.value - gradient.value * scale)
    }

    /// Each element's importance for the right class's output: Σ_i ω_ij over the outputs i that answer, [n].
    func importance(_ example: Int) throws -> [Double] {
        let label = Int(labels[example])
        let sequence = try sequences.sliced(0, example..<example + 1).squeezed(0)
        let factors = try AttentionDerivative(learner, sequence).importance.sliced(1, label..<label + 1)
        return try (factors.squeezed(1) * shares).sum(0).values(as: Double.self)
    }

    /// The share of sequences whose class has the largest output.
    func accuracy() throws -> Double {
        let answers = try outputs().squeezed(1).argmax(-1).values(as: Int64.self)
        let right = zip(answers, labels).count { $0 == $1 }
        return Double(right) / Double(labels.count)
    }
}

extension TheoryData {
    /// The first images as pictures, each with the importance of its patches.
    func importanceMaps(_ count: Int, seed: UInt64, examples: Int = 100) throws -> [TheoryResult.HeatMap] {
        let part = try self.examples(Array(0..<min(examples, self.count)))
        let patchSize = try configuration(width: 4).patchSize
        let learner = try SequenceAttention(
            part.images.patches(ofSide: patchSize), labels: part.labels, classCount: classCount, reading: .mean,
            seed: seed, steps: 60, rate: 0.5)
        return try (0..<min(count, part.count)).flatMap { example in
            let image = try images.sliced(0, example..<example + 1)
            return [
                TheoryResult.HeatMap(
                    title: "A \(labels[example])", columns: image.size(3),
                    values: try image.mean(1).reshaped(-1).values(as: Double.self)),
                TheoryResult.HeatMap(
                    title: "ω of its patches for “\(labels[example])”", columns: image.size(3) / patchSize,
                    values: try learner.importance(example)),
            ]
        }
    }
}
