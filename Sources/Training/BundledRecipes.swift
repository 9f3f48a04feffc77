/// A recipe that comes with the library.
public struct BundledRecipe: Sendable {
    public let name: String
    /// What is trained on what, in a few words.
    public let about: String
    /// Processor seconds of plain training, rounded, on one thread of an AMD EPYC (Zen 5); for the last two from runs of 70 %
    /// of it.
    public let expectedSeconds: Double
    /// The recipe in YAML.
    public let text: String

    /// In the order in which a newcomer would try them.
    public static let all = [
        BundledRecipe(
            name: "digits", about: "a small vision transformer learns handwritten digits", expectedSeconds: 7,
            text: BundledRecipes.digits),
        BundledRecipe(
            name: "word-problems", about: "a small Llama learns arithmetic, from scratch", expectedSeconds: 70,
            text: BundledRecipes.wordProblems),
        BundledRecipe(
            name: "scenes", about: "a masked autoencoder learns colour, depth and classes of procedural scenes",
            expectedSeconds: 140, text: BundledRecipes.scenes),
    ]

    public static func named(_ name: String) -> BundledRecipe? { all.first { $0.name == name } }
}

/// The texts of the bundled recipes.
enum BundledRecipes {
    /// A small vision transformer on scikit-learn's handwritten digits.
    static let digits = """
        name: digits
        data:
          kind: digits
          path: \(BundledData.digits)
          test_share: 0.25
        model:
          kind: vit
          image_size: 8
          patch_size: 2
          num_channels: 1
          num_labels: 10
          hidden_size: 64
          num_hidden_layers: 4
          num_attention_heads: 4
          intermediate_size: 128
          initializer_range: 0.08
          pooling: mean
        training:
          epochs: 40
          batch_size: 64
          learning_rate: 2e-3
          warmup: 0.1
          threads: 1
        evaluation:
          count: 20
        teacher: attent-plus

        """
}

extension Recipe {
    /// Reads a bundled recipe by name, or a file.
    public init(named nameOrFile: String, overrides: [String] = []) throws {
        if let bundled = BundledRecipe.named(nameOrFile) {
            try self.init(yaml: bundled.text, source: nameOrFile, overrides: overrides)
        } else {
            try self.init(file: nameOrFile, overrides: overrides)
        }
    }
}
