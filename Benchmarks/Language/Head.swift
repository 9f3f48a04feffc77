import Checkpoints
import NN
import Torch
import Training

/// The head of a vocabulary of 32,000 over states of which every other one has a label, forward and backward.
struct Head {
    private static let (batch, length, width, vocabulary) = (8, 256, 256, 32_000)

    private let hidden, weight: Tensor
    private let places, targets, labels: Tensor

    init() throws {
        let generator = try Generator(seed: 3)
        let rows = Self.batch * Self.length
        hidden = try generator.normal([rows, Self.width]).requiringGradient()
        weight = try (generator.normal([Self.vocabulary, Self.width]) * 0.05).requiringGradient()
        let labelled = (0..<Int64(rows)).filter { $0 % 2 == 1 }
        let tokens = labelled.map { $0 * 7919 % Int64(Self.vocabulary) }
        places = try Tensor(labelled)
        targets = try Tensor(tokens)
        labels = try Tensor((0..<rows).map { $0 % 2 == 1 ? tokens[$0 / 2] : -100 })
    }

    func write(to file: String) throws {
        try SafetensorsFile.write(
            [
                .init(name: "hidden", tensor: hidden.detached()), .init(name: "weight", tensor: weight.detached()),
                .init(name: "labels", tensor: labels),
            ], to: file)
    }

    func run() throws -> Pass {
        Engine.linearKernels = try Precision.auto.resolved(on: .cpu, width: Self.width).linearKernels
        ResidentMemory.resetPeak()
        let before = ResidentMemory.now
        var pass = try Pass {
            let loss = try hidden.selected(0, places).linearCrossEntropy(weight, targets).losses.mean()
            try loss.backward()
            return try loss.item()
        }
        pass.peak = ResidentMemory.peak - before
        try TensorList([hidden, weight]).zeroGradients()
        return pass
    }
}
