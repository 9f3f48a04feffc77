import Models
import Testing
import Torch

@testable import Training

private func sampler(alpha: Double = 1, visible: Int = 32, modalities: [Modality] = Modality.allCases) -> MaskSampler {
    var configuration = MultiMAE.Configuration()
    configuration.dirichletAlpha = alpha
    configuration.visibleTokenCount = visible
    configuration.modalities = modalities
    return MaskSampler(configuration)
}

@Suite struct MaskSamplerTests {
    @Test(
        "The visible patches are as many as asked for, distinct, rising, and a function of the seed",
        arguments: [0.3, 1, 100])
    func shape(alpha: Double) {
        let sampler = sampler(alpha: alpha)
        for seed in UInt64(0)..<200 {
            let visible = sampler.visible(seed: seed)
            #expect(visible.count == 32 && visible == sampler.visible(seed: seed))
            #expect(zip(visible, visible.dropFirst()).allSatisfy { $0 < $1 })
            #expect(visible[0] >= 0 && visible[31] < 192)
        }
        #expect(sampler.visible(seed: 1) != sampler.visible(seed: 2))
    }

    @Test("No modality shows more patches than it has, even where one is drawn nearly alone")
    func capped() {
        let sampler = sampler(alpha: 0.01, visible: 150)
        for seed in UInt64(0)..<200 {
            let counts = sampler.counts(seed: seed)
            #expect(counts.reduce(0, +) == 150 && counts.allSatisfy { (0...64).contains($0) })
        }
    }

    @Test(
        "The shares of the modalities have the mean and variance of the Dirichlet distribution", arguments: [0.5, 1, 4])
    func distribution(alpha: Double) {
        // For three modalities: mean 1/3 and variance (2/9) / (3 α + 1); rounding adds less than 1/12 patch².
        let sampler = sampler(alpha: alpha, visible: 60)
        let count = 4000
        let shares = (0..<count).map { Double(sampler.counts(seed: UInt64($0))[0]) / 60 }
        let mean = shares.reduce(0, +) / Double(count)
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        let expected = 2 / 9 / (3 * alpha + 1)
        #expect(abs(mean - 1 / 3.0) < 4 * (expected / Double(count)).squareRoot())
        #expect(abs(variance / expected - 1) < 0.1)
    }

    @Test("Of a window as large a share is visible, but neither none nor all", arguments: [(16, 8), (4, 2), (1, 1)])
    func windows(patches: Int, visible: Int) {
        let windows = sampler().forWindows(ofPatches: patches)
        for seed in UInt64(0)..<50 {
            let found = windows.visible(seed: seed)
            #expect(found.count == visible && Set(found).count == visible)
            #expect(found.allSatisfy { (0..<Int64(3 * patches)).contains($0) })
        }
        #expect(sampler(visible: 191).forWindows(ofPatches: 4).visibleCount == 11)
    }

    @Test("Each patch of a modality is as likely as any other")
    func uniformity() {
        let sampler = sampler(visible: 16, modalities: [.rgb])
        var hits = [Int](repeating: 0, count: 64)
        for seed in UInt64(0)..<4000 { for patch in sampler.visible(seed: seed) { hits[Int(patch)] += 1 } }
        // 1,000 each, with a deviation of 27.
        #expect(hits.allSatisfy { abs($0 - 1000) < 135 })
    }

    @Test("With one modality all visible patches are of it")
    func single() throws {
        let visible = try sampler(visible: 16, modalities: [.depth]).visible(seeds: [1, 2])
        #expect(visible.indices.shape == [2, 16] && visible.indices.dtype == .int64)
        #expect(try visible.indices.values(as: Int64.self).allSatisfy { $0 < 64 })
    }
}
