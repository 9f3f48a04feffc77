import Teaching

@testable import Training

/// The reference of all keys of recipes, made by letting their own types read one recipe of each kind.
struct RecipeReference {
    private let scan: SourceScan

    init() throws { scan = try SourceScan(["Training", "Models", "Teaching", "Datasets"]) }

    private static let model = "{kind: vit, num_labels: 2}"
    private static let data = "{kind: digits, path: data}"
    private static let crop = "random_resized_crop: {scale: [0.4, 1], ratio: [0.75, 1.333333]}"
    private static let lora = "lora: {rank: 8, alpha: 16, dropout: 0, use_rslora: false, target_modules: [q_proj]}"

    /// By its title in the reference, recipes' `data` that ask for all its keys.
    private static let datas = [
        ("images", "{kind: digits, path: data, \(crop)}"), ("procedural scenes", "{kind: scenes, count: 8, \(crop)}"),
        ("folders of several modalities", "{kind: multimodal, path: data, \(crop)}"),
        ("text", "{kind: text, path: data}"), ("word problems", "{kind: word-problems, count: 8}"),
    ]

    private static let models = [
        ("vision transformer", [Self.model]), ("masked autoencoder", ["{kind: multimae}"]),
        ("Llama", ["{kind: llama}", "{kind: llama, init_from: run, \(lora)}"]),
        ("GPT-2", ["{kind: gpt2}", "{kind: gpt2, init_from: run, \(lora)}"]),
    ]

    /// Those with settings that no preset has come last.
    private static let teachers =
        Policy.presetNames + [
            "{policy: attent, tokens: {share: 0.5, by: loss}}",
            "{policy: attent, selection: {kind: soft, temperature: 1, distribution: {kind: power, exponent: 2}}}",
        ]

    private func fields(
        data: String = Self.data, model: String = Self.model, teacher: String = "attent"
    ) throws -> [RecipeField] {
        let training = "{epochs: 1, scoring_precision: fp32}"
        return try Recipe.fields(
            of: "{name: n, data: \(data), model: \(model), training: \(training), teacher: \(teacher)}")
    }

    /// The keys that any of some recipes has, each as the first of them that has something there has it.
    private func union(_ recipes: [[RecipeField]]) -> [RecipeField] {
        var byPath: [String: RecipeField] = [:]
        for field in recipes.joined() where byPath[field.path]?.type == nil { byPath[field.path] = field }
        return byPath.values.sorted { $0.path < $1.path }
    }

    func markdown() throws -> String {
        let common = try fields()
        var parts = [Self.head, try table("The whole", common.filter { !$0.path.contains(".") }, "")]
        for (title, section) in [
            ("Training", "training"), ("Evaluation", "evaluation"), ("Checkpoints", "checkpoints"),
        ] {
            parts.append(try table("\(title): `\(section)`", common, section))
        }
        for (title, data) in Self.datas { parts.append(try table("Data: \(title)", fields(data: data), "data")) }
        for (title, models) in Self.models {
            parts.append(try table("Model: \(title)", union(models.map { try fields(model: $0) }), "model"))
        }
        let teachers = union(try Self.teachers.map { try fields(teacher: $0) }).map { field in
            var plain = field
            // Defaults are the preset's own.
            plain.defaultValue = nil
            return plain
        }
        parts.append(try table("The teacher: `teacher`", teachers, "teacher"))
        return parts.joined(separator: "\n") + "\n"
    }

    private static let head = """
        # Recipe reference

        Every key of a recipe, its default and what it means.

        A recipe is a YAML file. A key without a default and not marked as demanded is left out where it is not wanted.
        `--set key.path=value` overrides any key on the command line. Unknown keys, and missing ones without a default, are refused with their line.
        The teacher's defaults are those of the preset that `teacher: NAME` or `teacher: {policy: NAME}` names:
        \(Policy.presetNames.map { "`\($0)`" }.joined(separator: ", ")).

        <!-- Made by `make reference` from the types that read recipes; a test keeps it current. -->
        """

    private func table(_ title: String, _ fields: [RecipeField], _ section: String) throws -> String {
        let shown = fields.filter { section.isEmpty || $0.path.hasPrefix(section + ".") }
        let rows = shown.map { field -> String in
            let key = String(field.path.split(separator: ".").last ?? "")
            let property = scan.property(key, of: field.owner)
            let standard = field.isDemanded ? "demanded" : field.defaultValue.map { "`\(plain($0))`" } ?? ""
            return "| `\(field.path)` | \(kind(field, property)) | \(standard) | \(meaning(field, property)) |"
        }
        return "\n## \(title)\n\n| key | value | default | meaning |\n|---|---|---|---|\n"
            + rows.joined(separator: "\n")
    }

    private func kind(_ field: RecipeField, _ property: SourceScan.Property?) -> String {
        if !field.choices.isEmpty { return field.choices.map { "`\($0)`" }.joined(separator: ", ") }
        let type = field.type ?? property?.type.replacing("?", with: "") ?? ""
        let words = [
            "Int": "whole number", "UInt64": "whole number", "Double": "number", "String": "text",
            "Bool": "true or false", "[String: Double]": "a number for each name",
        ]
        return words[type] ?? (type.hasPrefix("Array<") ? "list" : "see below")
    }

    /// A number without the exponent that YAML's encoder gives all of them.
    private func plain(_ value: String) -> String {
        guard value.contains("e"), let number = Double(value) else { return value }
        return number == number.rounded() && abs(number) < 1e6 ? "\(Int(number))" : "\(number)"
    }

    /// Words for people who write YAML rather than Swift.
    private func plainWords(_ text: String) -> String {
        text.replacing("``", with: "`").replacing("`nil`", with: "absent").replacing("nil", with: "absent")
            .replacing("|", with: "\\|")
    }

    private func meaning(_ field: RecipeField, _ property: SourceScan.Property?) -> String {
        if let text = property?.documentation, !text.isEmpty { return plainWords(text) }
        return field.owner.hasSuffix("LlamaKeys") || field.owner.hasSuffix("GPT2Keys") ? "as in `config.json`" : ""
    }
}
