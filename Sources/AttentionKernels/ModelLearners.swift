import Models
import NN
import Torch

// The learners of `Models` as their tangent kernels see them. Examples are differentiated many at a time.
extension DifferentiableLearner {
    /// The logits of a vision transformer on images [N, C, H, W].
    public init(
        _ model: ViT, _ parameters: Parameters, images: Tensor, restrictedTo restriction: String? = nil
    ) throws {
        try self.init(
            parameters, restrictedTo: restriction, exampleCount: images.size(0),
            outputCount: model.configuration.classCount, batch: { try model.logits(images.sliced(0, $0)) })
    }

    /// What a language model says of the token after each row of `tokens` [N, T]: its logits of the tokens `vocabulary`.
    public init(
        _ model: any LanguageModel, _ parameters: Parameters, tokens: Tensor, vocabulary: [Int],
        restrictedTo restriction: String? = nil
    ) throws {
        let chosen = try Tensor(vocabulary.map(Int64.init))
        var model = model
        // What is made again in the backward pass has no place to differentiate down to.
        model.recomputesActivations = false
        let decoder = model
        try self.init(
            parameters, restrictedTo: restriction, exampleCount: tokens.size(0), outputCount: vocabulary.count,
            batch: { examples in
                let hidden = try decoder.hidden(tokens.sliced(0, examples))
                let last = try hidden.sliced(1, hidden.size(1) - 1..<hidden.size(1))
                return try decoder.logits(last).squeezed(1).selected(1, chosen)
            })
    }

    /// The logits of a classifier on images of several modalities.
    public init(
        _ model: MultiMAEClassifier, _ parameters: Parameters, images: ModalityImages, classCount: Int,
        restrictedTo restriction: String? = nil
    ) throws {
        try self.init(
            parameters, restrictedTo: restriction, exampleCount: images.count, outputCount: classCount,
            batch: { try model.logits(images.examples($0)) })
    }
}

extension ModalityImages {
    var count: Int { [rgb, depth, semantics].compactMap { $0?.size(0) }.first ?? 0 }

    /// Those of neighbouring examples.
    func examples(_ examples: Range<Int>) throws(TorchError) -> ModalityImages {
        ModalityImages(
            rgb: try rgb?.sliced(0, examples), depth: try depth?.sliced(0, examples),
            semantics: try semantics?.sliced(0, examples))
    }
}
