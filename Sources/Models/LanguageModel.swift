import NN
import Torch

/// A decoder that predicts each next token. The head is apart, so that it is computed only where a prediction is wanted.
public protocol LanguageModel: Sendable {
    var vocabularySize: Int { get }
    /// The most tokens of an example that the model was made for.
    var contextLength: Int { get }
    /// From hidden states to the vocabulary.
    var head: Linear { get }
    /// Whether the backward pass makes what happens inside each block again, so that memory holds the activations between
    /// blocks and those of one block only; a step then takes one more forward pass of the blocks.
    var recomputesActivations: Bool { get set }

    /// The final, normalised states.
    ///
    /// - Parameters:
    ///   - tokens: int64 [B, T]
    ///   - layout: one example a row from position 0, or from where the cache ends, where nil.
    ///   - elements: the tokens that the layers between the first and the last see; the others pass them by unchanged
    ///     (random layer-wise token dropping; Yao et al., arXiv 2211.11586). All where nil.
    ///   - cache: the tokens before these; appended to. Goes with no `elements`.
    ///   - places: int64 [N] in 0..<B · T, in row-major order: the tokens whose states are wanted, so that after the last
    ///     attention nothing is computed for others. All where nil.
    ///   - isTraining: whether dropout is on.
    /// - Returns: [B, T, D]; [N, D] where `places` are given.
    func hidden(
        _ tokens: Tensor, layout: TokenLayout?, elements: ElementSubset?, cache: KeyValueCache?, places: Tensor?,
        isTraining: Bool
    ) throws(TorchError) -> Tensor
}

extension LanguageModel {
    public func hidden(
        _ tokens: Tensor, layout: TokenLayout? = nil, elements: ElementSubset? = nil, cache: KeyValueCache? = nil
    ) throws(TorchError) -> Tensor {
        try hidden(tokens, layout: layout, elements: elements, cache: cache, places: nil, isTraining: false)
    }

    /// Logits [..., V] of hidden states [..., D].
    public func logits(_ hidden: Tensor) throws(TorchError) -> Tensor { try head(hidden) }
}

/// A decoder's blocks, one after the other, each fed what it may see.
protocol DecoderLayer: Sendable {
    /// How many positions back the layer sees; all where nil.
    var window: Int? { get }
    /// - Parameter x: [B, T, D]
    /// - Returns: as large; [1, N, D] where the context wants N of the tokens.
    func callAsFunction(_ x: Tensor, _ context: DecoderContext, _ cache: LayerCache?) throws(TorchError) -> Tensor
}

/// One layer's place in a cache.
struct LayerCache {
    let cache: KeyValueCache
    let index: Int

    func append(_ keys: Tensor, _ values: Tensor) throws(TorchError) -> (keys: Tensor, values: Tensor) {
        try cache.append(keys, values, layer: index)
    }
}

/// What the layers of one forward pass share.
struct DecoderContext: Sendable {
    let layout: TokenLayout
    let isTraining: Bool
    let rotation: Rotation?
    /// int64 [N] in 0..<B · T, the tokens whose states are wanted after a layer's attention; all where nil.
    var places: Tensor?
    /// By window; nil stands for none.
    private let visibilities: [Int?: Visibility]

    init(
        _ layout: TokenLayout, in all: TokenLayout, windows: Set<Int?>, rotation: Rotation?, isTraining: Bool
    ) throws(TorchError) {
        (self.layout, self.isTraining, self.rotation) = (layout, isTraining, rotation)
        var visibilities: [Int?: Visibility] = [:]
        for window in windows { visibilities[window] = try layout.visibility(in: all, window: window) }
        self.visibilities = visibilities
    }

    func visibility(window: Int?) -> Visibility { visibilities[window] ?? .causal }

    /// What is wanted of [B, T, D]: all of it, or [1, N, D].
    func wanted(_ x: Tensor) throws(TorchError) -> Tensor {
        guard let places else { return x }
        return try x.reshaped(-1, x.size(-1)).selected(0, places).unsqueezed(0)
    }
}

/// The layers of a decoder.
struct DecoderStack<Layer: DecoderLayer>: Sendable {
    let layers: [Layer]
    let rotary: RotaryEmbedding?
    var recomputesActivations = false

    init(layers: [Layer], rotary: RotaryEmbedding?) { (self.layers, self.rotary) = (layers, rotary) }

    /// - Returns: [B, T, D], or [N, D] where `places` are given.
    func callAsFunction(
        _ x: Tensor, _ layout: TokenLayout, _ elements: ElementSubset?, _ cache: KeyValueCache?, _ places: Tensor?,
        _ isTraining: Bool
    ) throws(TorchError) -> Tensor {
        precondition(elements == nil || cache == nil, "a cache holds every token, so it goes with no subset of them")
        func context(_ layout: TokenLayout, in all: TokenLayout) throws(TorchError) -> DecoderContext {
            // Under autocast the queries have another type than x; multiplying promotes them back.
            let rotation = try rotary?.rotation(layout.positions, dtype: x.dtype)
            return try DecoderContext(
                layout, in: all, windows: Set(layers.map(\.window)), rotation: rotation, isTraining: isTraining)
        }
        let all = try cache?.append(layout) ?? layout
        let whole = try context(layout, in: all)
        var last = whole
        last.places = places
        guard let elements, layers.count > 2 else {
            var x = x
            for (index, layer) in layers.enumerated() {
                let context = index == layers.count - 1 ? last : whole
                x = try run(layer, x, context, cache.map { LayerCache(cache: $0, index: index) })
            }
            cache?.advance(by: layout.positions.size(1))
            return try places == nil ? x : x.squeezed(0)
        }
        let part = try layout.of(elements)
        let partial = try context(part, in: part)
        let x = try run(layers[0], x, whole)
        var y = try elements.of(x)  // [B, K, D]
        for layer in layers[1..<layers.count - 1] { y = try run(layer, y, partial) }
        let states = try run(layers[layers.count - 1], elements.replacing(y, in: x), last)
        return try places == nil ? states : states.squeezed(0)
    }

    private func run(
        _ layer: Layer, _ x: Tensor, _ context: DecoderContext, _ cache: LayerCache? = nil
    ) throws(TorchError) -> Tensor {
        guard recomputesActivations, cache == nil else { return try layer(x, context, cache) }
        return try x.recomputing { x throws(TorchError) in try layer(x, context, nil) }
    }
}

/// [B, T, H · D] → [B, H, T, D]
func heads(_ x: Tensor, _ count: Int) throws(TorchError) -> Tensor {
    try x.reshaped(x.size(0), x.size(1), count, x.size(2) / count).transposed(1, 2)
}
