import Datasets
import Foundation
import NN
import Teaching
import TestSupport
import Testing

@testable import Training

@Suite struct MultimodalRecipeTests {
    private func recipe(_ overrides: [String] = []) throws -> Recipe {
        let small = [
            "data.count=24", "data.test_count=8", "data.image_size=16", "model.image_size=16", "model.hidden_size=16",
            "model.num_hidden_layers=2", "model.num_attention_heads=2", "model.intermediate_size=32",
            "model.num_visible_tokens=10", "model.decoder_hidden_size=8", "model.decoder_num_attention_heads=2",
            "model.decoder_intermediate_size=16", "training.epochs=2", "training.batch_size=4",
            "training.precision=fp32",
            "evaluation.count=1", "teacher=standard",
        ]
        return try Recipe(named: "scenes", overrides: small + overrides)
    }

    @Test("A recipe survives its own YAML")
    func roundTrip() throws {
        let recipe = try recipe(["model.modalities=[rgb]", "model.task=depth", "model.init_from=runs/a"])
        #expect(try Recipe(yaml: recipe.yaml(), source: "again") == recipe)
    }

    @Test(
        "Fine-tuning starts from the encoder of the run it names",
        arguments: ["classification", "segmentation", "depth"])
    func fineTuning(task: String) throws {
        try withTemporaryFolder { path in
            let folder = try RunFolder.create("\(path)/pretraining")
            try Data(recipe().yaml().utf8).write(to: URL(fileURLWithPath: folder.recipe))
            let summary = try recipe().experiment().train(in: folder, from: nil, until: StopSignal()) { _ in }
            #expect(summary.isComplete && summary.metrics["val/loss"] != nil)
            let tuned = ["model.task=\(task)", "model.modalities=[rgb]", "training.learning_rate=1e-9"]
            func metrics(_ more: [String]) throws -> [String: Double] {
                try recipe(tuned + more).experiment().train(in: nil, from: nil, until: StopSignal()) { _ in }.metrics
            }
            let (started, fresh) = (try metrics(["model.init_from=\(folder.path)"]), try metrics([]))
            #expect(started["val/loss"] != fresh["val/loss"])
            let wrong = ["model.init_from=\(folder.path)", "model.intermediate_size=64"]
            #expect(throws: ParameterError.self) { try metrics(wrong) }
        }
    }

    @Test("A teacher that scores anew selects, and the run can be evaluated from its checkpoint")
    func teacher() throws {
        try withTemporaryFolder { path in
            let folder = try RunFolder.create("\(path)/run")
            let experiment = try recipe(["teacher=attent"]).experiment()
            let summary = try experiment.train(in: folder, from: nil, until: StopSignal()) { _ in }
            #expect(summary.examplesScored > 0)
            let again = try experiment.evaluate(folder.newestCheckpoint())
            #expect(try #require(again["val/loss"]).isNear(#require(summary.metrics["val/loss"]), 1e-6))
        }
    }

    @Test("Every policy trains every task, at the cost it was given", arguments: MultiMAESettings.Task.allCases)
    func policies(task: MultiMAESettings.Task) throws {
        let modalities = task == .reconstruction ? "[rgb, depth, semseg]" : "[rgb]"
        for policy in Policy.presetNames {
            let given = ["model.task=\(task.rawValue)", "model.modalities=\(modalities)", "training.budget=1"]
            let recipe = try recipe(given + ["teacher=\(policy)"])
            guard task == .classification || policy != Policy.kakurenbo.name else {
                // What is neither right nor wrong would never be hidden.
                #expect(throws: TrainingError.self) { try recipe.experiment() }
                continue
            }
            let experiment = try recipe.experiment()
            let summary = try experiment.train(in: nil, from: nil, until: StopSignal()) { _ in }
            #expect(summary.isComplete && summary.metrics.values.allSatisfy(\.isFinite), "\(policy)")
            // Nothing but a part of the examples' elements buys more of them; a last lesson may go a little beyond.
            let hasParts = try Policy(preset: policy).elements != nil
            #expect(summary.examplesTaught <= 2 * 24 + 4 || hasParts, "\(policy)")
            #expect(summary.examplesTaught > 2 * 24 + 4 || !hasParts, "\(policy)")
        }
    }

    @Test(
        "Settings that do not belong together are refused by name",
        arguments: [
            (["model.task=depth"], "modalities"), (["model.init_from=runs/a"], "init_from"),
            (["data.image_size=32"], "image_size"), (["model.num_semantic_labels=9"], "num_semantic_labels"),
            (["teacher.score=ntk"], "teacher.score"), (["training.label_smoothing=0.1"], "label_smoothing"),
            (["teacher=kakurenbo"], "teacher.selection.kind is hide"), (["model.kind=vit", "data.count=3"], "model"),
            (["data.count=0"], "data.count"), (["model.num_visible_tokens=0"], "num_visible_tokens"),
        ])
    func refused(overrides: [String], key: String) throws {
        let error = #expect(throws: (any Error).self) { try recipe(overrides).experiment() }
        #expect("\(try #require(error))".contains(key))
    }

    private static let folder = """
        name: street
        data: {kind: multimodal, path: nowhere, image_size: 48, semantic_classes: [road, void]}
        model: {kind: multimae, image_size: 48, num_semantic_labels: 2}
        training: {epochs: 1}
        """

    @Test("A folder of several modalities has defaults, survives its own YAML, and is named where it is missing")
    func folders() throws {
        let recipe = try Recipe(yaml: Self.folder, source: "street", overrides: ["data.ignored_class=void"])
        guard case .multimodal(let data) = recipe.data else {
            Issue.record("found \(recipe.data), expected a folder")
            return
        }
        #expect(data.depthUnit == 0.001 && data.flip && data.ignoredClass == "void")
        #expect(try Recipe(yaml: recipe.yaml(), source: "again") == recipe)
        let error = #expect(throws: DatasetError.self) { try recipe.experiment() }
        #expect("\(try #require(error))".contains("nowhere/train/rgb"))
    }

    @Test("A class of pixels has its name alone") func repeatedClass() {
        let error = #expect(throws: RecipeError.self) {
            try Recipe(yaml: Self.folder, source: "street", overrides: ["data.semantic_classes=[road, sky, road]"])
        }
        #expect(error?.description.contains("data.semantic_classes is road twice, expected each name once") == true)
    }

    @Test("Held-out images that lack the depth of the others are found before the training, not after it")
    func heldOutDepth() throws {
        try withTemporaryFolder { root in
            let size = ImageSize(height: 16, width: 16)
            for folder in ["train/rgb", "train/depth", "test/rgb"] {
                try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
                let isDepth = folder.hasSuffix("depth")
                let image =
                    isDepth
                    ? try ImageCodec.encodePNG(
                        Raster(size: size, color: .gray, samples: [UInt16](repeating: 900, count: 256)))
                    : try ImageCodec.encodePNG(
                        Raster(size: size, color: .rgb, samples: [UInt8](repeating: 90, count: 768)))
                for name in "abcd" { try image.write(to: URL(fileURLWithPath: "\(root)/\(folder)/\(name).png")) }
            }
            let yaml = """
                name: street
                data: {kind: multimodal, path: \(root), image_size: 16}
                model: {kind: multimae, image_size: 16, patch_size: 8, modalities: [rgb, depth], num_visible_tokens: 2}
                training: {epochs: 1, batch_size: 2, precision: fp32}
                """
            let error = #expect(throws: TrainingError.self) { try Recipe(yaml: yaml, source: "r").experiment() }
            #expect("\(try #require(error))".contains("depth of \(root)/test"))
        }
    }

    @Test("An ignored class must be one of the classes")
    func ignoredClass() {
        #expect(throws: RecipeError.self) {
            try Recipe(yaml: Self.folder, source: "street", overrides: ["data.ignored_class=sky"])
        }
    }
}

@Suite struct SkippedFileTests {
    /// A class folder each with four grey images, of which one training file is text.
    private func write(to root: String, heldOutSide: Int = 8) throws {
        for (part, count, side) in [("train", 8, 8), ("test", 4, heldOutSide)] {
            for number in 0..<count {
                let folder = "\(root)/\(part)/\(number % 2 == 0 ? "dark" : "light")"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let samples = [UInt8](repeating: number % 2 == 0 ? 20 : 200, count: side * side * 3)
                let size = ImageSize(height: side, width: side)
                let image = Raster(size: size, color: .rgb, samples: samples)
                try ImageCodec.encodePNG(image).write(to: URL(fileURLWithPath: "\(folder)/\(number).png"))
            }
        }
        try Data("text".utf8).write(to: URL(fileURLWithPath: "\(root)/train/light/3.png"))
    }

    @Test("Held-out images of another size are refused") func heldOutSize() throws {
        try withTemporaryFolder { root in
            try write(to: root, heldOutSide: 16)
            let yaml = """
                name: shades
                data: {kind: image-folder, path: \(root), skip_corrupt: true}
                model: {kind: vit, image_size: 8, patch_size: 2, num_labels: 2, hidden_size: 8, num_attention_heads: 2}
                training: {epochs: 1, batch_size: 4, precision: fp32}
                """
            let error = #expect(throws: TrainingError.self) { try Recipe(yaml: yaml, source: "r").experiment() }
            let expected = "model.image_size is 8, expected 16, the pixels a side of \(root)/test"
            #expect("\(try #require(error))".contains(expected))
        }
    }

    @Test("A corrupt image ends the run by name, or is left out and listed where the recipe says so")
    func imageFolder() throws {
        try withTemporaryFolder { root in
            try write(to: root)
            let yaml = """
                name: shades
                data: {kind: image-folder, path: \(root), image_size: 4}
                model: {kind: vit, image_size: 4, patch_size: 2, num_labels: 2, hidden_size: 8, num_attention_heads: 2}
                training: {epochs: 1, batch_size: 4, precision: fp32}
                """
            let error = #expect(throws: DatasetError.self) { try Recipe(yaml: yaml, source: "r").experiment() }
            #expect("\(try #require(error))".hasPrefix("\(root)/train/light/3.png: "))
            let experiment = try Recipe(yaml: yaml, source: "r", overrides: ["data.skip_corrupt=true"]).experiment()
            #expect(experiment.exampleCount == 7 && experiment.skipped.count == 1)
            #expect(experiment.skipped.allSatisfy { $0.hasPrefix("\(root)/train/light/3.png: ") })
            let wrong = #expect(throws: RecipeError.self) {
                try Recipe(named: "digits", overrides: ["data.skip_corrupt=true"])
            }
            #expect("\(try #require(wrong))".contains("data.skip_corrupt is true"))
        }
    }
}
