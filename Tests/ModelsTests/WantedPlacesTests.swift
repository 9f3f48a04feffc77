import Models
import NN
import TestSupport
import Testing
import Torch

/// States of some places alone, where the last layer leaves out what nobody asks for.
@Suite("Wanted places") struct WantedPlacesTests {
    private func states(
        _ model: any LanguageModel, _ tokens: Tensor, _ elements: ElementSubset?, _ places: Tensor?
    ) throws -> Tensor {
        try model.hidden(
            tokens, layout: nil, elements: elements, cache: nil, places: places, isTraining: false)
    }

    @Test(
        "their states and all gradients are those that the whole gives",
        arguments: LanguageModelGolden.families, [false, true])
    func states(family: String, recomputes: Bool) throws {
        let golden = try LanguageModelGolden(family)
        let tokens = try golden.tensor("tokens")
        let length = Int64(tokens.size(1))
        let places = try Tensor([0, 3, length - 1, length + 2, length + 3])
        let seen = try Tensor([0, 2, 3, 1, 2, 5] as [Int64], shape: [2, 3])
        for elements in [nil, ElementSubset(indices: seen)] {
            var (all, allParameters) = try golden.model()
            var (some, someParameters) = try golden.model()
            (all.recomputesActivations, some.recomputesActivations) = (recomputes, recomputes)
            let whole = try states(all, tokens, elements, nil)
            let expected = try whole.reshaped(-1, whole.size(2)).selected(0, places)
            let found = try states(some, tokens, elements, places)
            #expect(try mismatch(found, expected) == nil)
            try all.logits(expected).square().sum().backward()
            try some.logits(found).square().sum().backward()
            for (one, other) in zip(someParameters.entries, allParameters.entries) {
                let (gradient, wanted) = (try one.tensor.gradient(), try other.tensor.gradient())
                let difference = try mismatch(
                    #require(gradient), #require(wanted), .init(absolute: 1e-4, relative: 1e-4))
                #expect(difference == nil, "\(one.name)")
            }
        }
    }

    @Test("where no place is wanted there are no states, and a loss of nothing is 0", arguments: ["llama", "gpt2"])
    func none(family: String) throws {
        let (model, _) = try LanguageModelGolden(family).model()
        let tokens = try randomTokens(1, 6, seed: 1)
        let targets = try LanguageTargets(labels: [Array(repeating: -100, count: 6)])
        let found = try states(model, tokens, nil, targets.places)
        #expect(found.shape.first == 0)
        #expect(try model.losses(found, targets).examples.values() == [Float(0)])
    }
}
