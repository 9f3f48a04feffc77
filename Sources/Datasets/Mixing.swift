/// How the images of a batch are mixed with each other: x̃ = λ x + (1 − λ) x′ (Zhang et al., "mixup", arXiv 1710.09412),
/// each image with a share λ and a partner x′ of its own.
public struct Mixing: Sendable, Equatable {
    /// The position of each image's partner in the batch, [B]; it may be the image's own.
    public let partners: [Int]
    /// What is kept of each image, λ in 0...1, [B].
    public let shares: [Float]

    public init(partners: [Int], shares: [Float]) { (self.partners, self.shares) = (partners, shares) }

    /// Draws λ from Beta(α, α) and partners evenly, both as a function of seed, visit and example.
    init(_ examples: [Int32], alpha: Double, seed: UInt64, visit: Int) {
        let draws = examples.map { KeyedHash(seed: seed).keyed(by: visit).keyed(by: Int($0)) }
        partners = draws.map { $0.keyed(by: Augmentation.Draw.partner.rawValue).below(examples.count) }
        shares = draws.map { draw in
            let key = draw.keyed(by: Augmentation.Draw.share.rawValue)
            var gamma = GammaDraws { key.keyed(by: Int(truncatingIfNeeded: $0)).uniform }
            let (own, other) = (gamma.next(shape: alpha), gamma.next(shape: alpha))
            // Tiny shapes may give two zeros.
            return own + other > 0 ? Float(own / (own + other)) : 1
        }
    }

    /// Images of `count` values each, mixed.
    func mixed(_ values: [Float], perImage count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: values.count) { target, initializedCount in
            values.withUnsafeBufferPointer { source in
                for (position, partner) in partners.enumerated() {
                    let (share, own, other) = (shares[position], position * count, partner * count)
                    for place in 0..<count {
                        target[own + place] = share * source[own + place] + (1 - share) * source[other + place]
                    }
                }
            }
            initializedCount = values.count
        }
    }
}
