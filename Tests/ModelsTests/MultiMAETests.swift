import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

/// Element by element against PyTorch, in float32, within 1e-5 + 1e-5 · |expected|.
@Suite struct MultiMAEParityTests {
    @Test("The encoder's tokens are the reference's", arguments: ["multimae", "mae"])
    func encoder(name: String) throws {
        let golden = try MultiMAEGolden(name)
        let states = try golden.learner().model.encoder.states(golden.images, visible: golden.visible)
        #expect(states.count == golden.configuration.layerCount)
        #expect(try mismatch(#require(states.last), golden.tensor("encoded")) == nil)
    }

    @Test(
        "Every modality's reconstruction and each example's losses are the reference's", arguments: ["multimae", "mae"])
    func losses(name: String) throws {
        let golden = try MultiMAEGolden(name)
        let model = try golden.learner().model
        let outputs = try model.reconstructions(golden.images, visible: golden.visible)
        let losses = try model.losses(of: outputs, on: golden.images, visible: golden.visible)
        #expect(Set(outputs.keys) == Set(golden.configuration.modalities))
        for modality in golden.configuration.modalities {
            let (output, loss) = (try #require(outputs[modality]), try #require(losses[modality]))
            #expect(try mismatch(output, golden.tensor("output:\(modality.rawValue)")) == nil, "\(modality)")
            #expect(try mismatch(loss, golden.tensor("loss:\(modality.rawValue)")) == nil, "\(modality)")
        }
    }

    @Test("Every gradient of the weighted losses is the reference's", arguments: ["multimae", "mae"])
    func gradients(name: String) throws {
        let golden = try MultiMAEGolden(name)
        let (model, parameters) = try golden.learner()
        let outputs = try model.reconstructions(golden.images, visible: golden.visible, isTraining: true)
        let losses = try model.losses(of: outputs, on: golden.images, visible: golden.visible)
        let weights = try golden.tensor("example_weights")
        let total = try losses.values.reduce(Tensor.zeros([3])) { try $0 + $1 }
        try (total * weights).mean().backward()
        #expect(parameters.entries.count > 60)
        for entry in parameters.entries {
            let found = try #require(try entry.tensor.gradient(), "\(entry.name)")
            #expect(try mismatch(found, golden.tensor("gradient:\(entry.name)")) == nil, "\(entry.name)")
        }
    }
}

@Suite struct MultiMAETests {
    private let golden: MultiMAEGolden

    init() throws { golden = try MultiMAEGolden("multimae") }

    private func losses(_ images: ModalityImages, _ visible: ElementSubset, rows: Range<Int>) throws -> [Tensor] {
        let model = try golden.learner().model
        let part = ModalityImages(
            rgb: try images.rgb?.sliced(0, rows), depth: try images.depth?.sliced(0, rows),
            semantics: try images.semantics?.sliced(0, rows))
        let seen = ElementSubset(indices: try visible.indices.sliced(0, rows))
        let found = try model.losses(of: model.reconstructions(part, visible: seen), on: part, visible: seen)
        return try golden.configuration.modalities.map { try #require(found[$0]) }
    }

    @Test("An example's losses do not depend on its batch-mates")
    func batch() throws {
        let together = try losses(golden.images, golden.visible, rows: 0..<3)
        let alone = try losses(golden.images, golden.visible, rows: 1..<2)
        for (all, one) in zip(together, alone) { #expect(try mismatch(one, all.sliced(0, 1..<2)) == nil) }
    }

    @Test("A modality of which every patch is visible costs nothing")
    func allVisible() throws {
        var configuration = golden.configuration
        configuration.visibleTokenCount = 16
        let (model, _) = try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try MultiMAE(path, configuration)
        }
        let visible = ElementSubset(indices: try Tensor.arange(16).expanded(3, 16))
        let outputs = try model.reconstructions(golden.images, visible: visible)
        let losses = try model.losses(of: outputs, on: golden.images, visible: visible)
        #expect(try #require(losses[.rgb]).floats == [0, 0, 0])
        #expect(try #require(losses[.depth]).floats.allSatisfy { $0 > 0 })
    }

    @Test("Masked patches have no influence on the reconstructions, visible ones do")
    func hiddenPatches() throws {
        let model = try golden.learner().model
        let visible = ElementSubset(indices: try Tensor.arange(8).expanded(3, 8))  // the upper half of the colours
        let expected = try #require(try model.reconstructions(golden.images, visible: visible)[.rgb])
        let rgb = try #require(golden.images.rgb)
        let noise = try Generator(seed: 4).normal([3, 3, 4, 8])
        var (below, above) = (golden.images, golden.images)
        below.rgb = try .concatenated([rgb.sliced(2, 0..<4), noise], 2)
        above.rgb = try .concatenated([noise, rgb.sliced(2, 4..<8)], 2)
        #expect(try #require(try model.reconstructions(below, visible: visible)[.rgb]).floats == expected.floats)
        #expect(try mismatch(#require(try model.reconstructions(above, visible: visible)[.rgb]), expected) != nil)
    }

    @Test(
        "Settings that make no learner are refused by name",
        arguments: [
            ("num_visible_tokens", "48", #"{"num_visible_tokens": 48}"#), ("modalities", "[]", #"{"modalities": []}"#),
            ("decoder_hidden_size", "10", #"{"decoder_hidden_size": 10}"#),
            ("decoder_num_attention_heads", "3", #"{"decoder_num_attention_heads": 3}"#),
            ("dirichlet_alpha", "0.0", #"{"dirichlet_alpha": 0}"#),
        ])
    func refused(key: String, found: String, change: String) throws {
        var fields = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(golden.configuration)) as? [String: Any])
        let changes = try #require(JSONSerialization.jsonObject(with: Data(change.utf8)) as? [String: Any])
        fields.merge(changes) { $1 }
        let data = try JSONSerialization.data(withJSONObject: fields)
        let configuration = try JSONDecoder().decode(MultiMAE.Configuration.self, from: data)
        let error = #expect(throws: SettingError.self) { try configuration.validate() }
        #expect(error?.key == key)
        #expect(error?.found == found)
    }
}
