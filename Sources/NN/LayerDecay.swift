import Foundation

/// Smaller learning rates for what lies deeper in a pre-trained encoder (Clark et al., arXiv 2003.10555; for images Bao
/// et al., "BEiT", arXiv 2106.08254): of L blocks, block l in 0..<L learns at rate^(L − l) of the learning rate, the
/// embeddings at rate^(L + 1), and all after the blocks at the whole of it.
public struct LayerDecay: Sendable, Equatable {
    /// What each layer keeps of the rate of the layer after it, in 0...1; 1 is no decay.
    public let rate: Double
    /// Blocks of the encoder, L.
    public let layerCount: Int

    /// - Parameter names: those of all parameters; blocks are found as `encoder.layer.N`.
    public init(rate: Double, parameterNames names: some Sequence<String>) {
        self.rate = rate
        layerCount = names.compactMap(Self.block).max().map { $0 + 1 } ?? 0
    }

    /// The share of the learning rate at which a parameter learns.
    public func scale(of name: String) -> Double {
        if let block = Self.block(of: name) { return pow(rate, Double(layerCount - block)) }
        return name.contains(".embeddings.") ? pow(rate, Double(layerCount + 1)) : 1
    }

    private static func block(of name: String) -> Int? {
        guard let place = name.range(of: ".encoder.layer.") else { return nil }
        return Int(name[place.upperBound...].prefix { $0 != "." })
    }
}
