import Foundation
import Teaching
import Testing

@testable import Training

@Suite("Recipes") struct RecipeTests {
    static let minimal = """
        name: small
        data:
          kind: digits
          path: digits.csv.gz
        model:
          kind: vit
          num_labels: 10
        training:
          epochs: 3

        """

    private func failure(_ yaml: String, _ overrides: [String] = []) -> String? {
        do {
            _ = try Recipe(yaml: yaml, source: "r.yaml", overrides: overrides)
            return nil
        } catch { return "\(error)" }
    }

    @Test("what a recipe does not say has a default") func defaults() throws {
        let recipe = try Recipe(yaml: Self.minimal, source: "r.yaml")
        #expect(recipe.training.batchSize == 64)
        #expect(recipe.teacher == .standard)
        #expect(recipe.evaluation.count == 10)
    }

    @Test("a recipe written out in full reads back equal", arguments: Policy.presets) func roundTrip(policy: Policy)
        throws
    {
        var recipe = try Recipe(yaml: Self.minimal, source: "r.yaml")
        recipe.teacher = policy
        recipe.training.gradientClipping = 0
        recipe.training.budget = 0.3
        recipe.reference = "runs/earlier"
        #expect(try Recipe(yaml: recipe.yaml(), source: "copy") == recipe)
    }

    @Test("every bundled recipe is valid") func bundled() throws {
        for (name, text) in BundledRecipe.all.map({ ($0.name, $0.text) }) {
            #expect(try Recipe(yaml: text, source: name).name == name)
        }
    }

    @Test("every example's recipe is valid, and each fine-tuning's encoder is that of the pre-training beside it")
    func examples() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples").standardized
        var files: [String: [String: Recipe]] = [:]
        for folder in try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            where name.hasSuffix(".yaml") {
                let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                files[folder.lastPathComponent, default: [:]][name] = try Recipe(yaml: text, source: name)
            }
        }
        #expect(files.values.map(\.count).reduce(0, +) >= 10)
        for recipes in files.values {
            guard case .multimae(let started) = try #require(recipes["recipe.yaml"]).model else { continue }
            for case .multimae(let tuned) in recipes.values.map(\.model) where tuned.initFrom != nil {
                #expect(tuned.network.hiddenSize == started.network.hiddenSize)
                #expect(tuned.network.layerCount == started.network.layerCount)
                #expect(tuned.network.patchSize == started.network.patchSize)
            }
        }
    }

    @Test("overrides change single settings, and a preset's too") func overrides() throws {
        let recipe = try Recipe(
            yaml: Self.minimal, source: "r.yaml",
            overrides: [
                "model.num_hidden_layers=2", "teacher=attent", "teacher.ratio.start=0.5", "training.budget=0.75",
            ])
        guard case .vit(let model) = recipe.model else { return #expect(Bool(false), "the model is a ViT") }
        #expect(model.layerCount == 2)
        #expect(recipe.teacher.selection == Policy.attent.selection)
        #expect(recipe.teacher.ratio.start == 0.5)
        #expect(recipe.training.budget == 0.75)
    }

    @Test("a preset can be named alone or with changes") func presets() throws {
        #expect(try Recipe(yaml: Self.minimal + "teacher: infobatch\n", source: "").teacher == .infobatch)
        let changed = try Recipe(
            yaml: Self.minimal + "teacher:\n  policy: attent-simple\n  warm_up: 2\n", source: "")
        #expect(changed.teacher.warmUp == 2)
        #expect(changed.teacher.selection == .hard)
    }

    @Test(
        "what is wrong is named with its line and what was expected",
        arguments: [
            ("  epochs: 3", "  epohs: 3", "r.yaml:9: the key training.epochs is missing"),
            ("name: small", "name: small\nnmae: x", "r.yaml:2: unknown key nmae; did you mean name?"),
            (
                "  epochs: 3", "  epochs: 3\n  bach_size: 8",
                "r.yaml:10: unknown key training.bach_size; did you mean batch_size?"
            ),
            ("  epochs: 3", "  epochs: many", "r.yaml:9: training.epochs is many, expected a whole number"),
            ("  epochs: 3", "  epochs: 0", "r.yaml: training.epochs is 0, expected 1 to 16777215"),
            ("  epochs: 3", "  epochs: 99999999", "r.yaml: training.epochs is 99999999, expected 1 to 16777215"),
            (
                "  epochs: 3", "  epochs: 3\n  budget: 1001",
                "r.yaml: training.budget is 1001.0, expected above 0 and at most 1000"
            ),
            (
                "  epochs: 3", "  epochs: 3\n  learning_rate: fast",
                "r.yaml:10: training.learning_rate is fast, expected a number"
            ),
            ("  path: digits.csv.gz", "", "r.yaml:3: the key data.path is missing"),
            (
                "  epochs: 3", "  epochs: 3\n  device: gpu",
                "r.yaml: training.device is gpu, expected cpu, cuda, cuda:N or mps"
            ),
            (
                "  num_labels: 10", "  num_labels: 10\n  hidden_size: 30\n  num_attention_heads: 4",
                "r.yaml: model.num_attention_heads is 4, expected a divisor of hidden_size 30"
            ),
            ("data:", "data: none\nmore:", "r.yaml:2: data is none, expected keys and values"),
            (
                "  kind: digits", "  kind: digit",
                "r.yaml:3: data.kind is digit, expected one of digits, cifar10, image-folder, idx, scenes, multimodal, text, jsonl, json, word-problems"
            ),
            ("  kind: vit", "  kind: vti", "r.yaml:6: model.kind is vti, expected one of vit, multimae, llama, gpt2"),
            (
                "name: small", "name: small\nteacher: {selection: {kind: sotf}}",
                "r.yaml:2: teacher.selection.kind is sotf, expected one of random, hard, soft, prune, importance, window, admission, hide"
            ),
            ("name: small", "name: small\nteacher: atent", "r.yaml:2: unknown policy atent; did you mean attent?"),
        ])
    func mistakes(original: String, changed: String, message: String) {
        let yaml = Self.minimal.replacing(original, with: changed)
        #expect(failure(yaml) == message)
    }

    @Test(
        "overrides that make no sense are refused",
        arguments: [
            ("training.epochs", "--set training.epochs: found no key, expected key.path=value"),
            ("=3", "--set =3: found no key, expected key.path=value"),
            ("training.epocs=3", "r.yaml: unknown key training.epocs; did you mean epochs?"),
            ("teacher.ratio.start=1.5", "r.yaml: teacher setting ratio.start is 1.5, expected above 0 and at most 1"),
            ("training.beta1=1", "r.yaml: training.beta1 is 1.0, expected at least 0 and below 1"),
            ("training.beta2=.nan", "r.yaml: training.beta2 is nan, expected at least 0 and below 1"),
            ("training.weight_decay=-1", "r.yaml: training.weight_decay is -1.0, expected 0 (none) or more"),
            (
                "training.label_smoothing=1.5",
                "r.yaml: training.label_smoothing is 1.5, expected at least 0 and below 1"
            ),
            ("teacher.score=reducible", "r.yaml: reference is absent, expected a run folder, for the score reducible"),
        ])
    func badOverrides(override: String, message: String) { #expect(failure(Self.minimal, [override]) == message) }

    @Test("a recipe's text brings the same recipe back, to the last digit of its numbers")
    func exactNumbers() throws {
        let overrides = [
            "teacher=random", "teacher.ratio.start=0.6666666666666666", "training.learning_rate=0.0014142135623730951",
            "training.budget=0.1", "training.weight_decay=1e-7", "training.beta2=0.9999999999999999",
        ]
        let recipe = try Recipe(yaml: Self.minimal, source: "r.yaml", overrides: overrides)
        let again = try Recipe(yaml: recipe.yaml(), source: "r.yaml")
        #expect(again == recipe && again.teacher.ratio.start == 2.0 / 3)
        #expect(try recipe.yaml().contains("learning_rate: 0.001414213562373095\n"))
    }

    @Test("the first setting in which two policies differ is named")
    func differences() throws {
        var other = Policy.attentPlus
        #expect(try Policy.attentPlus.difference(from: other) == ("", ""))
        other.elements?.until = 2.0 / 3
        let difference = try Policy.attentPlus.difference(from: other)
        #expect(difference == (" with elements.until: 0.75", " with elements.until: 0.6666666666666666"))
    }

    @Test("text that is no YAML mapping is refused", arguments: ["- a\n- b\n", "just text\n", "a: [1\n", ""])
    func notAMapping(yaml: String) { #expect(failure(yaml) != nil) }
}
