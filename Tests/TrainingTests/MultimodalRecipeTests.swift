import Datasets
import Foundation
import NN
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

    @Test(
        "Settings that do not belong together are refused by name",
        arguments: [
            (["model.task=depth"], "modalities"), (["model.init_from=runs/a"], "init_from"),
            (["data.image_size=32"], "image_size"), (["model.num_semantic_labels=9"], "num_semantic_labels"),
            (["teacher.score=residual"], "teacher.score"), (["model.kind=vit", "data.count=3"], "model"),
            (["data.count=0"], "data.count"),
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

    @Test("An ignored class must be one of the classes")
    func ignoredClass() {
        #expect(throws: RecipeError.self) {
            try Recipe(yaml: Self.folder, source: "street", overrides: ["data.ignored_class=sky"])
        }
    }
}
