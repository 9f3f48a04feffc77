import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct InspectionTests {
    private func recipe(_ overrides: [String]) throws -> Recipe {
        let small = [
            "data.count=24", "data.test_count=8", "data.image_size=16", "model.image_size=16", "model.hidden_size=16",
            "model.num_hidden_layers=2", "model.num_attention_heads=2", "model.intermediate_size=32",
            "model.num_visible_tokens=10", "model.decoder_hidden_size=8", "model.decoder_num_attention_heads=2",
            "model.decoder_intermediate_size=16", "training.epochs=2", "training.batch_size=4",
            "training.precision=fp32", "evaluation.count=1",
        ]
        return try Recipe(named: "scenes", overrides: small + overrides)
    }

    /// Trains, and inspects what the run left.
    private func inspection(_ overrides: [String], count: Int = 2) throws -> Inspection {
        try withTemporaryFolder { path in
            let (folder, experiment) = (RunFolder(path: path), try recipe(overrides).experiment())
            _ = try experiment.train(in: folder, from: nil, until: StopSignal()) { _ in }
            return try experiment.inspect(folder.newestCheckpoint(), count: count)
        }
    }

    @Test(
        "Each task has its own panels",
        arguments: [
            (
                "reconstruction", "[rgb, semseg]",
                [
                    "rgb: input", "rgb: visible", "rgb: reconstruction", "semseg: input", "semseg: visible",
                    "semseg: reconstruction",
                ]
            ),
            ("classification", "[rgb, depth]", ["rgb: input", "depth: input"]),
            ("segmentation", "[rgb]", ["rgb: input", "semseg: input", "semseg: predicted"]),
            ("depth", "[rgb]", ["rgb: input", "depth: measured", "depth: predicted"]),
        ])
    func panels(task: String, modalities: String, names: [String]) throws {
        let found = try inspection(["model.task=\(task)", "model.modalities=\(modalities)", "teacher=standard"])
        #expect(found.columns == names && found.mostPicked.count == 2 && found.leastPicked.count == 2)
        let picture = try #require(found.picture(side: 32, gap: 4))
        #expect(picture.size == ImageSize(height: 4 * 36 + 16, width: names.count * 36 + 4))
        // White between the panels, and the first panel's first pixel in its place, twice as large.
        #expect(Array(picture.samples[0..<3]) == [255, 255, 255])
        let first = Array(found.mostPicked[0].panels[0].image.samples[0..<3])
        for place in [4 * picture.size.width + 4, 5 * picture.size.width + 5] {
            #expect(Array(picture.samples[3 * place..<3 * place + 3]) == first)
        }
    }

    @Test("The most picked examples are those of the highest scores, the teacher's own where it knows them")
    func order() throws {
        for policy in ["standard", "attent"] {
            let found = try inspection(["teacher=\(policy)"], count: 12)
            let scores = (found.mostPicked + found.leastPicked.reversed()).map(\.score)
            #expect(scores.count == 24 && scores == scores.sorted(by: >))
            #expect(Set((found.mostPicked + found.leastPicked).map(\.number)).count == 24)
        }
    }

    @Test("Visible patches are shown as they are, masked ones in grey, and the reconstruction keeps the visible ones")
    func masks() throws {
        let data = try Scenes.dataset(seed: 1, indices: 0..<3, size: ImageSize(height: 16, width: 16))
        guard case .multimae(let settings) = try recipe([]).model else { return #expect(Bool(false)) }
        let learner = try MaskedAutoencoder(ParameterBuilder(seed: 1), settings.network)
        let batch = try data.collate([0, 1, 2], view: .plain)
        let panels = try learner.panels(batch)
        for (example, row) in panels.enumerated() {
            let visible = learner.sampler.visible(seed: batch.maskSeeds[example]).map(Int.init)
            for (index, modality) in ["rgb", "depth", "semseg"].enumerated() {
                let (input, mask, made) = (row[3 * index], row[3 * index + 1], row[3 * index + 2])
                #expect([input, mask, made].allSatisfy { $0.name.hasPrefix(modality) })
                for place in 0..<256 {
                    let isVisible = visible.contains(16 * index + place / 16 / 4 * 4 + place % 16 / 4)
                    func pixel(_ panel: Panel) -> [UInt8] { Array(panel.image.samples[3 * place..<3 * place + 3]) }
                    #expect(pixel(mask) == (isVisible ? pixel(input) : [128, 128, 128]))
                    if isVisible { #expect(pixel(made) == pixel(input)) }
                }
                #expect(made.image != input.image)
            }
        }
    }

    @Test("Standardised targets are shown at each patch's own scale")
    func standardized() throws {
        guard case .multimae(let settings) = try recipe(["model.norm_pix_loss=true"]).model else {
            return #expect(Bool(false))
        }
        let (model, _) = try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try MultiMAE(path, settings.network)
        }
        let data = try Scenes.dataset(seed: 1, indices: 0..<2, size: ImageSize(height: 16, width: 16))
        let images = try ModalityImages(data.collate([0, 1], view: .plain), MultiMAE.Configuration(), .cpu)
        let visible = ElementSubset(indices: try Tensor.arange(16).expanded(2, 16))  // all colours
        // A reconstruction of 0 everywhere is each patch's mean; where all is visible, the image itself.
        let zeros = try [Modality.rgb: Tensor.zeros([2, 16, 48])]
        let shown = try #require(model.images(of: zeros, on: images, visible: visible)[.rgb])
        #expect(try mismatch(shown, #require(images.rgb)) == nil)
        let hidden = ElementSubset(indices: try Tensor((16..<32).map(Int64.init)).expanded(2, 16))
        let means = try #require(model.images(of: zeros, on: images, visible: hidden)[.rgb])
        let first = try means.sliced(2, 0..<4).sliced(3, 0..<4).reshaped(2, 48)
        let expected = try #require(images.rgb).sliced(2, 0..<4).sliced(3, 0..<4).reshaped(2, 48).mean(-1)
        #expect(try mismatch(first.mean(-1), expected) == nil)
        #expect(try first.variance(-1).max().item() < 1e-8)
    }

    @Test("A written picture is a PNG that reads back as it was")
    func file() throws {
        try withTemporaryFolder { path in
            let found = try inspection(["teacher=standard", "model.modalities=[rgb]"])
            try found.write(to: "\(path)/picture.png")
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(path)/picture.png"))
            #expect(try ImageCodec.decode(data, as: .rgb, file: "picture") == found.picture())
            #expect(found.legend.contains("Upper rows, picked most: example \(found.mostPicked[0].number)"))
        }
    }

    @Test("A run of text has no picture")
    func text() throws {
        let overrides = ["data.count=40", "data.test_count=8", "training.precision=fp32"]
        let experiment = try Recipe(named: "word-problems", overrides: overrides).experiment()
        let error = #expect(throws: TrainingError.self) {
            try experiment.inspect(CheckpointFolder(path: "nowhere", step: 0), count: 1)
        }
        #expect("\(try #require(error))".contains("model.kind is llama"))
    }
}
