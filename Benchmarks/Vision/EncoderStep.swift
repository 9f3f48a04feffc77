import Checkpoints
import Models
import NN
import Torch
import Training

/// A forward and backward pass of MultiMAE's encoder over visible patches of three modalities.
struct EncoderStep {
    private let encoder: MultiMAEEncoder
    private let parameters: Parameters
    private let images: ModalityImages
    private let visible: ElementSubset

    static let batchSize = 64

    /// Ours as a recipe without further words runs: its precision is the fastest exact one of this machine.
    init() throws {
        var configuration = MultiMAE.Configuration()
        configuration.visibleTokenCount = 48
        let settings = configuration
        Engine.linearKernels = try Precision.auto.resolved(on: .cpu, width: settings.hiddenSize).linearKernels
        (encoder, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
            try MultiMAEEncoder(path, settings)
        }
        let (generator, side, batch) = (try Generator(seed: 7), configuration.imageSize, Self.batchSize)
        let classes = try generator.uniform([batch, side, side], in: 0..<Double(configuration.semanticClassCount))
        images = ModalityImages(
            rgb: try generator.normal([batch, 3, side, side]), depth: try generator.normal([batch, 1, side, side]),
            semantics: try classes.floor().to(.int64))
        // A random choice for each image: the places of the largest of random numbers, rising.
        let keys = try generator.uniform([batch, configuration.tokenCount], in: 0..<1)
        let chosen = try keys.top(configuration.visibleTokenCount).indices.sorted().values
        visible = ElementSubset(indices: chosen)
    }

    /// Writes weights and inputs where the peer reads them.
    func write(to file: String) throws {
        let inputs: [(String, Tensor?)] = [
            ("image:rgb", images.rgb), ("image:depth", images.depth), ("image:semseg", images.semantics),
            ("visible", visible.indices),
        ]
        try SafetensorsFile.write(
            parameters.entries + inputs.compactMap { name, tensor in tensor.map { .init(name: name, tensor: $0) } },
            to: file)
    }

    /// - Returns: the loss, the mean square of the last state.
    func run() throws -> Pass {
        let pass = try Pass {
            let states = try encoder.states(images, visible: visible, isTraining: true)
            let loss = try states[states.count - 1].square().mean()
            try loss.backward()
            return try loss.item()
        }
        try parameters.list.zeroGradients()
        return pass
    }
}
