import Foundation
import NN
import TestSupport
import Testing
import Torch

@Suite struct LayerDecayTests {
    private static let names = [
        "vit.embeddings.cls_token", "vit.encoder.layer.0.attention.output.dense.weight",
        "vit.encoder.layer.11.output.dense.bias", "vit.layernorm.weight", "classifier.weight",
        "decoders.rgb.layer.0.output.dense.weight", "decoders.rgb.modality_embeddings",
    ]

    @Test("Block l of L learns at rate^(L − l), the embeddings at rate^(L + 1), all else in full")
    func scales() {
        let decay = LayerDecay(rate: 0.75, parameterNames: Self.names)
        #expect(decay.layerCount == 12)
        let found = Self.names.map(decay.scale)
        #expect(found == [pow(0.75, 13), pow(0.75, 12), 0.75, 1, 1, 1, 1])
    }

    @Test("A step with a decayed rate is a step at that rate, decay of the weights included")
    func update() throws {
        func entries() throws -> Parameters {
            Parameters(
                try ["vit.embeddings.x", "vit.encoder.layer.0.w", "vit.encoder.layer.1.b", "head.w"].enumerated().map {
                    let tensor = try Tensor.random($0.element.hasSuffix("b") ? [3] : [2, 3], seed: UInt64($0.offset))
                    let entry = Parameters.Entry(name: $0.element, tensor: try tensor.requiringGradient())
                    try entry.tensor.setGradient(.random(tensor.shape, seed: UInt64(10 + $0.offset)))
                    return entry
                })
        }
        let (together, settings) = (try entries(), AdamW.Configuration(weightDecay: 0.3))
        let decay = LayerDecay(rate: 0.5, parameterNames: together.entries.map(\.name))
        let optimizer = try AdamW(together, settings, layerDecay: decay)
        _ = try optimizer.step(learningRate: 0.1, clippingTo: nil)
        for (index, entry) in try entries().entries.enumerated() {
            _ = try AdamW(Parameters([entry]), settings).step(
                learningRate: 0.1 * [0.125, 0.25, 0.5, 1][index], clippingTo: nil)
            #expect(try together.entries[index].tensor.doubles == entry.tensor.doubles)
        }
        #expect(optimizer.state.count == 12)
    }
}
