import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

private func configuration(_ change: (inout ViT.Configuration) -> Void = { _ in }) -> ViT.Configuration {
    var configuration = ViT.Configuration()
    configuration.imageSize = 8
    configuration.patchSize = 2
    configuration.channelCount = 1
    configuration.classCount = 3
    configuration.hiddenSize = 8
    configuration.layerCount = 2
    configuration.headCount = 2
    configuration.intermediateSize = 16
    change(&configuration)
    return configuration
}

private func learner(_ configuration: ViT.Configuration) throws -> (model: ViT, parameters: Parameters) {
    try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in try ViT(path, configuration) }
}

/// A trained learner's weights are larger than a fresh one's: without scaling every logit is near zero.
private func spreadLearner(_ configuration: ViT.Configuration) throws -> ViT {
    let (model, parameters) = try learner(configuration)
    for entry in parameters.entries { try entry.tensor.copy(from: entry.tensor.detached() * 10) }
    return model
}

@Suite struct ViTTests {
    @Test("A subset of all patches in order is the full forward", arguments: ViT.Configuration.Pooling.allCases)
    func allPatches(pooling: ViT.Configuration.Pooling) throws {
        let model = try spreadLearner(configuration { $0.pooling = pooling })
        let images = try Generator(seed: 2).normal([3, 1, 8, 8])
        let all = ElementSubset(indices: try Tensor.arange(16).expanded(3, 16))
        #expect(try mismatch(model.logits(images, elements: all), model.logits(images)) == nil)
    }

    @Test(
        "Patches outside the subset have no influence, those inside do", arguments: ViT.Configuration.Pooling.allCases)
    func unseenPatches(pooling: ViT.Configuration.Pooling) throws {
        let model = try spreadLearner(configuration { $0.pooling = pooling })
        let images = try Generator(seed: 3).normal([2, 1, 8, 8])
        // Patches 0…7 are the upper half of an image, 8…15 the lower one.
        let upper = ElementSubset(indices: try Tensor.arange(8).expanded(2, 8))
        let half = try images.sliced(2, 0..<4)
        let noise = try Generator(seed: 4).normal([2, 1, 4, 8])
        let (belowChanged, aboveChanged) = (
            try Tensor.concatenated([half, noise], 2), try Tensor.concatenated([noise, images.sliced(2, 4..<8)], 2)
        )
        let expected = try model.logits(images, elements: upper)
        #expect(try model.logits(belowChanged, elements: upper).floats == expected.floats)
        #expect(try mismatch(model.logits(aboveChanged, elements: upper), expected) != nil)
    }

    @Test("Positions travel with the patches: the same content elsewhere reads differently")
    func positions() throws {
        let model = try spreadLearner(configuration())
        let images = try Tensor.ones([1, 1, 8, 8])
        let first = try model.logits(images, elements: ElementSubset(indices: Tensor([Int64(0), 1], shape: [1, 2])))
        let other = try model.logits(images, elements: ElementSubset(indices: Tensor([Int64(5), 9], shape: [1, 2])))
        #expect(try mismatch(first, other) != nil)
    }

    @Test("An image's logits do not depend on its batch-mates")
    func batch() throws {
        let model = try spreadLearner(configuration())
        let images = try Generator(seed: 5).normal([4, 1, 8, 8])
        let together = try model.logits(images).sliced(0, 2..<3)
        #expect(try mismatch(model.logits(images.sliced(0, 2..<3)), together) == nil)
    }

    @Test("Gradients reach every parameter, also from a subset", arguments: ViT.Configuration.Pooling.allCases)
    func reach(pooling: ViT.Configuration.Pooling) throws {
        let (model, parameters) = try learner(configuration { $0.pooling = pooling })
        let images = try Generator(seed: 6).normal([2, 1, 8, 8])
        let subset = ElementSubset(indices: try Tensor.arange(5).expanded(2, 5))
        try model.logits(images, elements: subset).crossEntropy(Tensor([Int64(0), 2])).backward()
        for entry in parameters.entries { #expect(try entry.tensor.gradient() != nil, "\(entry.name)") }
    }

    #if compiler(>=6.2)
        @Test("Dropout acts while training only")
        func dropout() async {
            // In a process of its own, since dropout draws from the process-wide generator.
            await #expect(processExitsWith: .success) {
                let model = try spreadLearner(configuration { $0.dropout = 0.5 })
                let images = try Generator(seed: 7).normal([2, 1, 8, 8])
                let (first, second) = (try model.logits(images), try model.logits(images))
                #expect(try first.floats == second.floats)
                #expect(
                    try model.logits(images, isTraining: true).floats != model.logits(images, isTraining: true).floats)
            }
        }
    #endif

    @Test("Images of another size are refused by shape")
    func imageSize() throws {
        let model = try learner(configuration()).model
        let error = try #require(throws: TorchError.self) { try model.logits(.zeros([2, 1, 9, 8])) }
        #expect(error.operation == "reshaped" && error.shapes == [[2, 1, 9, 8]])
    }

    @Test("A configuration reads and writes Hugging Face's keys")
    func coding() throws {
        let written = configuration { $0.pooling = .mean }
        let data = try JSONEncoder().encode(written)
        let keys = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]).keys.sorted()
        #expect(
            keys == [
                "hidden_dropout_prob", "hidden_size", "image_size", "initializer_range", "intermediate_size",
                "layer_norm_eps",
                "num_attention_heads", "num_channels", "num_hidden_layers", "num_labels", "patch_size", "pooling",
            ])
        #expect(try JSONDecoder().decode(ViT.Configuration.self, from: data) == written)
        #expect(written.patchesPerSide == 4 && written.patchCount == 16)
    }

    @Test("A setting that makes no learner is named with what was found and expected")
    func validation() throws {
        let failures: [((inout ViT.Configuration) -> Void, String)] = [
            ({ $0.imageSize = 0 }, "image_size is 0, expected at least 1"),
            ({ $0.patchSize = -2 }, "patch_size is -2, expected at least 1"),
            ({ $0.channelCount = 0 }, "num_channels is 0, expected at least 1"),
            ({ $0.classCount = 0 }, "num_labels is 0, expected at least 1"),
            ({ $0.hiddenSize = 0 }, "hidden_size is 0, expected at least 1"),
            ({ $0.layerCount = 0 }, "num_hidden_layers is 0, expected at least 1"),
            ({ $0.headCount = 0 }, "num_attention_heads is 0, expected at least 1"),
            ({ $0.intermediateSize = 0 }, "intermediate_size is 0, expected at least 1"),
            ({ $0.patchSize = 3 }, "patch_size is 3, expected a divisor of image_size 8"),
            ({ $0.headCount = 3 }, "num_attention_heads is 3, expected a divisor of hidden_size 8"),
            ({ $0.dropout = 1 }, "hidden_dropout_prob is 1.0, expected at least 0 and below 1"),
            ({ $0.dropout = .nan }, "hidden_dropout_prob is nan, expected at least 0 and below 1"),
            ({ $0.layerNormEpsilon = -1e-6 }, "layer_norm_eps is -1e-06, expected a positive number"),
        ]
        for (change, sentence) in failures {
            let error = #expect(throws: SettingError.self) { try configuration(change).validate() }
            #expect(error?.description == sentence)
        }
        try configuration().validate()
        try ViT.Configuration().validate()
    }
}
