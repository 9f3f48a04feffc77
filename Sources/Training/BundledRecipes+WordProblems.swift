extension BundledRecipes {
    /// A small Llama on arithmetic word problems, which are generated.
    static let wordProblems = """
        name: word-problems
        data:
          kind: word-problems
          count: 8000
          test_count: 500
          levels: [1, 2]
        model:
          kind: llama
          hidden_size: 64
          intermediate_size: 172
          num_hidden_layers: 4
          num_attention_heads: 4
          max_position_embeddings: 128
          initializer_range: 0.08
        training:
          epochs: 8
          batch_size: 64
          learning_rate: 1.5e-3
          warmup: 0.3
          weight_decay: 0.1
          beta2: 0.95
          threads: 1
        evaluation:
          count: 4
        teacher: attent-plus
        """
}
