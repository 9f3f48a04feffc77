import Datasets
import Models
import NN
import Teaching
import Torch
import Training

/// A learner with its batches, called as the trainer calls it.
protocol Subject {
    var parameters: Parameters { get }
    /// Its batches, all in one tensor each, as the peer reads them.
    var inputs: [Parameters.Entry] { get }
    /// The losses of a batch's examples, with their graph.
    func losses(_ index: Int) throws -> Tensor
    func scores(_ index: Int) throws -> [Float]
    /// Feeds a decoder some text and then token after token, as generation does.
    ///
    /// - Returns: what predicting the last token cost; nil for what is no decoder.
    func generate(_ stopwatch: Stopwatch, _ index: Int) throws -> Pass?
}

struct TaughtSubject<L: Learner>: Subject {
    let learner: L
    let batches: [L.Content]
    let inputs: [Parameters.Entry]
    var generation: Generation?

    var parameters: Parameters { learner.parameters }

    func losses(_ index: Int) throws -> Tensor {
        try learner.assess(batches[index], elements: nil, score: nil, isTraining: true).losses
    }

    func scores(_ index: Int) throws -> [Float] {
        try withoutGradients {
            try learner.assess(batches[index], elements: nil, score: .loss, isTraining: false).scores?.values() ?? []
        }
    }

    func generate(_ stopwatch: Stopwatch, _ index: Int) throws -> Pass? { try generation?.run(stopwatch, index) }
}

/// Single tokens after a prompt, with a cache of keys and values; the first tokens of each batch are what is fed.
struct Generation {
    static let promptLength = 64
    static let tokenCount = 32

    let model: any LanguageModel
    /// [batches, rows, T]
    let tokens: Tensor

    /// - Returns: the time of one token.
    func run(_ stopwatch: Stopwatch, _ index: Int) throws -> Pass {
        let row = try tokens.sliced(0, index..<index + 1).squeezed(0).sliced(0, 0..<1)  // [1, T]
        let ids = try row.values(as: Int64.self)
        return try withoutGradients {
            let cache = KeyValueCache()
            let end = Self.promptLength + Self.tokenCount
            _ = try model.hidden(row.sliced(1, 0..<Self.promptLength), cache: cache)
            var last: [Float] = []
            let seconds = try stopwatch.seconds {
                for place in Self.promptLength..<end {
                    let token = try Tensor([ids[place]], shape: [1, 1])
                    let logits = try model.logits(model.hidden(token, cache: cache)).reshaped(-1)
                    last = try logits.values()
                }
            }
            let loss = try Tensor(last, shape: [1, last.count]).crossEntropy(Tensor([ids[end]])).item()
            return Pass(seconds: seconds / Double(Self.tokenCount), loss: loss)
        }
    }
}

/// The encoder of a masked autoencoder alone; an example's loss is the mean square of its last state.
struct EncoderLearner: Learner {
    struct Content: Sendable {
        let images: ModalityImages
        let visible: ElementSubset
    }

    let encoder: MultiMAEEncoder
    let parameters: Parameters
    let computeType: DType?

    init(_ configuration: MultiMAE.Configuration, _ computeType: DType?) throws {
        (encoder, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
            try MultiMAEEncoder(path, configuration)
        }
        self.computeType = computeType
    }

    var elementCount: Int { encoder.configuration.visibleTokenCount }

    func assess(
        _ content: Content, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let states = try Engine.autocast(to: computeType) { () throws(TorchError) in
            try encoder.states(content.images, visible: content.visible, isTraining: isTraining)
        }
        let last = try states[states.count - 1].to(.float32)
        let losses = try last.square().reshaped(last.size(0), -1).mean(1)
        return Assessment(losses: losses, scores: try score.map { _ in try losses.detached() })
    }

    func evaluate(_ content: Content) throws -> Tally { Tally() }
}
