import Datasets
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct RegularizationTests {
    private let logits: Tensor
    private let labels: [Int64] = [2, 0, 1]
    private let mixing = Mixing(partners: [1, 0, 2], shares: [0.25, 1, 0.6])

    init() throws { logits = try Generator(seed: 3).normal([3, 4]) }

    @Test("A mixed image's loss is the shares' mean of its own class's and its partner's", arguments: [0, 0.1])
    func losses(smoothing: Double) throws {
        let found = try ClassTargets(labels, mixing, device: .cpu).losses(logits, labelSmoothing: smoothing).doubles
        let logProbabilities = try logits.logSoftmax(-1).doubles
        func loss(_ image: Int, _ label: Int64) -> Double {
            let row = logProbabilities[image * 4..<image * 4 + 4]
            let uniform = row.reduce(0, +) / 4
            return -((1 - smoothing) * logProbabilities[image * 4 + Int(label)] + smoothing * uniform)
        }
        for image in 0..<3 {
            let (share, partner) = (Double(mixing.shares[image]), labels[mixing.partners[image]])
            #expect(found[image].isNear(share * loss(image, labels[image]) + (1 - share) * loss(image, partner), 1e-5))
        }
    }

    @Test("A mixed image's residual is the norm of the loss's gradient with respect to the logits")
    func residual() throws {
        let targets = try ClassTargets(labels, mixing, device: .cpu)
        let leaf = try logits.clone().requiringGradient()
        try targets.losses(leaf, labelSmoothing: 0).sum().backward()
        let expected = try #require(try leaf.gradient()).norm(-1)
        let found = try targets.residuals(logits.softmax(-1))
        #expect(try mismatch(found, expected) == nil)
    }

    @Test("Regularisers are settings of the training, with none by default, and survive the recipe's own YAML")
    func settings() throws {
        let plain = try Recipe(yaml: RecipeTests.minimal, source: "r")
        #expect(plain.training.mixup == 0 && plain.training.layerDecay == 1 && plain.training.dropPath == 0)
        let changes = [
            "training.mixup=0.8", "training.layer_decay=0.75", "training.drop_path=0.1",
            "data.random_resized_crop={scale: [0.2, 1]}",
        ]
        let recipe = try Recipe(yaml: RecipeTests.minimal, source: "r", overrides: changes)
        #expect(recipe.training.mixup == 0.8 && recipe.training.layerDecay == 0.75)
        #expect(try Recipe(yaml: recipe.yaml(), source: "again") == recipe)
        guard case .images(let data) = recipe.data else { return #expect(Bool(false), "the data are images") }
        #expect(data.randomResizedCrop?.scale == [0.2, 1] && data.randomResizedCrop?.ratio == [0.75, 1.333333])
    }

    @Test(
        "Regularisers out of range, or of another model, are refused by name",
        arguments: [
            ("digits", "training.mixup=-1", "training.mixup is -1.0, expected 0 (none) or more"),
            ("digits", "training.layer_decay=0", "training.layer_decay is 0.0, expected above 0 and at most 1"),
            ("digits", "training.drop_path=1", "training.drop_path is 1.0, expected at least 0 and below 1"),
            ("scenes", "training.mixup=0.2", "expected 0 for a task other than classes of images"),
            ("word-problems", "training.layer_decay=0.5", "expected 1 for the model llama"),
            ("word-problems", "training.drop_path=0.5", "expected 0 for the model llama"),
            ("digits", "data.random_resized_crop={scale: [0, 1]}", "data.random_resized_crop.scale is [0.0, 1.0]"),
            ("scenes", "data.random_resized_crop={ratio: [2, 1]}", "data.random_resized_crop.ratio is [2.0, 1.0]"),
            ("scenes", "data.random_resized_crop={scael: [1, 1]}", "did you mean scale?"),
            (
                "digits", "data={kind: digits, path: x, crop_padding: 1, random_resized_crop: {}}",
                "data.crop_padding is 1, expected 0 beside random_resized_crop"
            ),
        ])
    func refused(recipe: String, change: String, sentence: String) throws {
        let error = #expect(throws: RecipeError.self) { try Recipe(named: recipe, overrides: [change]) }
        #expect("\(try #require(error))".contains(sentence), "\(String(describing: error))")
    }
}
