import Teaching

/// Points in classes of unequal difficulty, drawn anew from a seed.
struct Clusters {
    static let width = 16
    static let classCount = 8

    var points: [[Float]] = []
    var labels: [Int] = []

    /// The classes lie where `seed` says; `stream` separates training from held-out points.
    init(count: Int, seed: UInt64, stream: UInt64) {
        let (places, noise) = (CounterRandom(seed: seed), CounterRandom(seed: seed, stream: stream))
        for example in 0..<count {
            let label = example % Self.classCount
            let spread = 0.2 + 0.15 * Float(label)
            points.append(
                (0..<Self.width).map { axis in
                    let center = Float(places.uniform(at: UInt64(label * Self.width + axis))) - 0.5
                    return center + spread * Self.normal(noise, at: UInt64(example * Self.width + axis))
                })
            labels.append(label)
        }
    }

    var count: Int { labels.count }

    /// Nearly normal: the sum of four uniform numbers, scaled to deviation 1.
    private static func normal(_ random: CounterRandom, at index: UInt64) -> Float {
        let sum = (0..<4).reduce(0.0) { $0 + random.uniform(at: 4 * index + UInt64($1)) }
        return Float((sum - 2) * 3.squareRoot())
    }
}
