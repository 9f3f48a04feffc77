import Models
import Torch

/// A one-layer attention learner that tells images' classes from their patches and the patches' places, trained for a while
/// by its closed-form derivatives alone.
struct DigitAttention {
    private(set) var learner: SelfAttention
    private let data: TheoryData
    /// [N, n, D] in float64: the values of each patch, and its place one-hot.
    private let sequences: Tensor
    /// Patches a side.
    private let side: Int

    private static let width = 16

    init(_ data: TheoryData, seed: UInt64, examples: Int = 100, steps: Int = 60, rate: Double = 0.5) throws {
        self.data = data
        let patchSize = try data.configuration(width: 4).patchSize
        let patches = try data.images.patches(ofSide: patchSize).to(.float64)
        let (count, length) = (patches.size(0), patches.size(1))
        side = data.images.size(2) / patchSize
        let places = try Tensor.eye(length, dtype: .float64).unsqueezed(0).expanded(count, length, length)
        sequences = try .concatenated([patches, places], 2)
        learner = try SelfAttention(
            elementSize: sequences.size(2), width: Self.width, outputs: data.classCount, seed: seed)
        for _ in 0..<steps { try step(over: min(examples, count), rate) }
    }

    private func sequence(_ example: Int) throws -> Tensor {
        try sequences.sliced(0, example..<example + 1).squeezed(0)
    }

    /// A step of gradient descent on ‖mean_i f_i − one-hot‖²/2 of the first examples.
    private mutating func step(over count: Int, _ rate: Double) throws {
        let targets = try data.targets()
        var (query, key, value) = (
            try learner.query.zerosLike(), try learner.key.zerosLike(), try learner.value.zerosLike()
        )
        for example in 0..<count {
            let derivative = try AttentionDerivative(learner, sequence(example))
            let output = try learner(sequence(example)).mean(0)
            let residual = try output - targets.sliced(0, example..<example + 1).squeezed(0)
            // The output is the mean over the n elements' rows.
            let weights = try (residual / Double(derivative.length)).reshaped(1, -1, 1, 1)
            query = try query + (derivative.byQuery() * weights).sum(0, 1)
            key = try key + (derivative.byKey() * weights).sum(0, 1)
            value = try value + (derivative.byValue() * weights).sum(0, 1)
        }
        let scale = rate / Double(count)
        learner = try SelfAttention(
            query: learner.query - query * scale, key: learner.key - key * scale, value: learner.value - value * scale)
    }

    /// The patches of the first images, and each patch's importance for the right class's output, Σ_i ω_ij.
    func heatMaps(_ count: Int) throws -> [TheoryResult.HeatMap] {
        try (0..<min(count, data.count)).flatMap { example in
            let label = Int(data.labels[example])
            let derivative = try AttentionDerivative(learner, sequence(example))
            let factors = try derivative.importance.sum(0).sliced(0, label..<label + 1)
            let image = try data.images.sliced(0, example..<example + 1)
            return [
                TheoryResult.HeatMap(
                    title: "A \(label)", columns: image.size(3),
                    values: try image.mean(1).reshaped(-1).values(as: Double.self)),
                TheoryResult.HeatMap(
                    title: "ω of its patches for “\(label)”", columns: side, values: try factors.values(as: Double.self)
                ),
            ]
        }
    }
}
