import Torch

/// Blocks that are left out at random while training (Huang et al., "Deep Networks with Stochastic Depth", arXiv
/// 1603.09382): each example goes round each residual branch with a probability that rises linearly with depth.
enum StochasticDepth {
    /// Each block's probability: 0 for the first, `last` for the last.
    static func probabilities(upTo last: Double, layerCount: Int) -> [Double] {
        (0..<layerCount).map { layerCount > 1 ? last * Double($0) / Double(layerCount - 1) : last }
    }
}

/// A residual branch [B, …] of which each example is dropped with `probability`, and the others are scaled up so that
/// the mean stays. The draws are those of the process's generator, as dropout's are.
func pathDropped(_ x: Tensor, _ probability: Double, _ isTraining: Bool) throws(TorchError) -> Tensor {
    guard isTraining, probability > 0 else { return x }
    let shape = [x.size(0)] + Array(repeating: 1, count: x.rank - 1)
    return try x * Tensor.ones(shape, dtype: x.dtype, device: x.device).dropout(probability)
}
