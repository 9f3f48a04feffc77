/// Recipes that come with the library, by name.
public enum BundledRecipes {
    public static let all: [String: String] = ["digits": digits, "scenes": scenes, "word-problems": wordProblems]

    /// The text of a bundled recipe, or nil.
    public static func named(_ name: String) -> String? { all[name] }

    /// A small vision transformer on scikit-learn's handwritten digits.
    static let digits = """
        name: digits
        data:
          kind: digits
          path: .native/data/digits.csv.gz
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
        teacher: attent

        """
}

extension Recipe {
    /// Reads a bundled recipe by name, or a file.
    public init(named nameOrFile: String, overrides: [String] = []) throws {
        if let bundled = BundledRecipes.named(nameOrFile) {
            try self.init(yaml: bundled, source: nameOrFile, overrides: overrides)
        } else {
            try self.init(file: nameOrFile, overrides: overrides)
        }
    }
}
