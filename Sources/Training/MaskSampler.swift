import Datasets
import Models
import Teaching
import Torch

/// Which patches of an example a masked autoencoder sees: a function of a seed alone, so that whoever scores an example
/// twice with the same seed asks the same question twice.
///
/// How many patches each modality gets is drawn from a symmetric Dirichlet distribution, which patches uniformly
/// (arXiv 2204.01678).
public struct MaskSampler: Sendable {
    public let modalityCount: Int
    /// Patches of one modality.
    public private(set) var patchCount: Int
    /// Visible patches of all modalities together.
    public private(set) var visibleCount: Int
    public let concentration: Double

    public init(_ configuration: MultiMAE.Configuration) {
        (modalityCount, patchCount) = (configuration.modalities.count, configuration.patchCount)
        (visibleCount, concentration) = (configuration.visibleTokenCount, configuration.dirichletAlpha)
    }

    /// The same for windows of `patchCount` patches a modality: as large a share of them is visible, but neither none nor all.
    func forWindows(ofPatches patchCount: Int) -> MaskSampler {
        var sampler = self
        let visible = (Double(visibleCount * patchCount) / Double(self.patchCount)).rounded()
        sampler.patchCount = patchCount
        sampler.visibleCount = max(1, min(modalityCount * patchCount - 1, Int(visible)))
        return sampler
    }

    /// The visible patches of one example, numbered over all modalities, rising.
    public func visible(seed: UInt64) -> [Int64] {
        counts(seed: seed).enumerated().flatMap { modality, count in
            let order = CounterRandom(seed: seed, stream: Self.stream(1 + modality)).permutation(of: patchCount)
            return order.prefix(count).sorted().map { Int64(modality * patchCount + Int($0)) }
        }
    }

    /// The visible patches of a batch.
    public func visible(seeds: [UInt64], device: Device = .cpu) throws(TorchError) -> ElementSubset {
        let indices = seeds.flatMap(visible(seed:))
        return ElementSubset(indices: try Tensor(indices, shape: [seeds.count, visibleCount], device: device))
    }

    /// Visible patches of each modality: shares of a Dirichlet draw, rounded so that they sum up and none exceeds a
    /// modality.
    func counts(seed: UInt64) -> [Int] {
        guard modalityCount > 1 else { return [visibleCount] }
        let random = CounterRandom(seed: seed, stream: Self.stream(0))
        var draws = GammaDraws { random.uniform(at: $0) }
        let gammas = (0..<modalityCount).map { _ in draws.next(shape: concentration) }
        let total = gammas.reduce(0, +)
        let wanted = gammas.map { total > 0 ? $0 / total * Double(visibleCount) : 0 }
        var counts = wanted.map { min(patchCount, Int($0)) }
        while counts.reduce(0, +) < visibleCount {
            let open = counts.indices.filter { counts[$0] < patchCount }
            guard let neediest = open.max(by: { wanted[$0] - Double(counts[$0]) < wanted[$1] - Double(counts[$1]) })
            else {
                break
            }
            counts[neediest] += 1
        }
        return counts
    }

    private static func stream(_ use: Int) -> UInt64 { 0x6d61_736b << 32 | UInt64(use) }
}
