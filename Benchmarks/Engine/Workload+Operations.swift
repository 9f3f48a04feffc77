import Models

extension Workload {
    /// Floating-point operations of a forward pass over a batch: two a weight and token, and attention's two products over
    /// what each token sees. A training step takes three times as many.
    var forwardOperations: Double {
        let operations =
            switch model {
            case .vit(let c):
                Self.stack(
                    c.layerCount, tokens: c.patchCount + 1, seen: c.patchCount + 1, width: c.hiddenSize,
                    weights: 4 * c.hiddenSize * c.hiddenSize + 2 * c.hiddenSize * c.intermediateSize)
                    + Self.projection(c.channelCount * c.patchSize * c.patchSize, to: c.hiddenSize, c.patchCount)
            case .encoder(let c):
                // The encoder projects every patch before it leaves most of them out.
                Self.stack(
                    c.layerCount, tokens: c.visibleTokenCount + 1, seen: c.visibleTokenCount + 1, width: c.hiddenSize,
                    weights: 4 * c.hiddenSize * c.hiddenSize + 2 * c.hiddenSize * c.intermediateSize)
                    + Self.projection(3 * c.patchSize * c.patchSize, to: c.hiddenSize, c.patchCount)
            case .gpt2(let c):
                Self.stack(
                    c.layerCount, tokens: c.contextLength, seen: c.contextLength / 2, width: c.hiddenSize,
                    weights: 4 * c.hiddenSize * c.hiddenSize + 2 * c.hiddenSize * c.intermediateSize)
                    + Self.projection(c.hiddenSize, to: c.vocabularySize, c.contextLength)
            case .llama(let c):
                Self.stack(
                    c.layerCount, tokens: c.contextLength, seen: c.contextLength / 2, width: c.hiddenSize,
                    weights: 2 * c.hiddenSize * (c.headCount + c.keyValueHeadCount) * c.headSize
                        + 3 * c.hiddenSize * c.intermediateSize)
                    + Self.projection(c.hiddenSize, to: c.vocabularySize, c.contextLength)
            }
        return Double(batchSize) * operations
    }

    private static func stack(_ layers: Int, tokens: Int, seen: Int, width: Int, weights: Int) -> Double {
        2 * Double(layers) * Double(tokens) * (Double(weights) + 2 * Double(seen) * Double(width))
    }

    private static func projection(_ inputs: Int, to outputs: Int, _ tokens: Int) -> Double {
        2 * Double(inputs) * Double(outputs) * Double(tokens)
    }
}
