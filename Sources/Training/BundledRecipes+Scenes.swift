extension BundledRecipes {
    /// A small masked autoencoder of colour, depth and pixel classes on procedural scenes.
    static let scenes = """
        name: scenes
        data:
          kind: scenes
          count: 6000
          test_count: 1000
        model:
          kind: multimae
          image_size: 32
          patch_size: 4
          num_visible_tokens: 32
          semantic_embedding_size: 8
          hidden_size: 96
          num_hidden_layers: 4
          num_attention_heads: 4
          intermediate_size: 384
          initializer_range: 0.05
          decoder_hidden_size: 64
          decoder_num_hidden_layers: 1
          decoder_num_attention_heads: 4
          decoder_intermediate_size: 128
        training:
          epochs: 10
          batch_size: 8
          learning_rate: 2e-3
          warmup: 0.3
          beta2: 0.95
          threads: 1
        evaluation:
          count: 4
        teacher: attent-plus

        """
}
