import Torch

/// The keys and values of the tokens that a decoder has seen, so that generation computes each token once.
///
/// A forward pass with a cache appends its tokens; the caller runs it without gradients.
public final class KeyValueCache {
    /// Room for [B, G, capacity, D], of which the first tokens are in use.
    private struct Layer {
        var keys: Tensor
        var values: Tensor
    }

    /// Tokens seen.
    public private(set) var count = 0
    private var layers: [Layer] = []
    private(set) var layout: TokenLayout?

    public init() {}

    /// Appends tokens' layout.
    ///
    /// - Returns: that of all tokens.
    func append(_ layout: TokenLayout) throws(TorchError) -> TokenLayout {
        let joined = try self.layout.map { past throws(TorchError) in try layout.appended(to: past) } ?? layout
        self.layout = joined
        return joined
    }

    /// Appends a layer's keys and values [B, G, T, D].
    ///
    /// - Returns: those of all tokens.
    func append(_ keys: Tensor, _ values: Tensor, layer index: Int) throws(TorchError) -> (keys: Tensor, values: Tensor)
    {
        let total = count + keys.size(2)
        if index == layers.count {
            layers.append(Layer(keys: try Self.room(like: keys, total), values: try Self.room(like: values, total)))
        } else if layers[index].keys.size(2) < total {
            layers[index].keys = try grown(layers[index].keys, total)
            layers[index].values = try grown(layers[index].values, total)
        }
        let layer = layers[index]
        try layer.keys.sliced(2, count..<total).copy(from: keys)
        try layer.values.sliced(2, count..<total).copy(from: values)
        return (try layer.keys.sliced(2, 0..<total), try layer.values.sliced(2, 0..<total))
    }

    /// Counts `tokens` that every layer has appended.
    func advance(by tokens: Int) { count += tokens }

    /// Twice what is needed, so that the copies of growing add up to no more than the tokens themselves.
    private static func room(like x: Tensor, _ total: Int) throws(TorchError) -> Tensor {
        try .zeros([x.size(0), x.size(1), 2 * total, x.size(3)], dtype: x.dtype, device: x.device)
    }

    private func grown(_ buffer: Tensor, _ total: Int) throws(TorchError) -> Tensor {
        let larger = try Self.room(like: buffer, total)
        try larger.sliced(2, 0..<count).copy(from: buffer.sliced(2, 0..<count))
        return larger
    }
}
