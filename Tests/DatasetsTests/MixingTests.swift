import Testing

@testable import Datasets

@Suite struct MixingTests {
    private func batches(alpha: Double, view: View) throws -> (mixed: ImageBatch, plain: ImageBatch) {
        let dataset = try randomDataset(count: 16)
        let mixed = try dataset.augmented(by: Augmentation(mixup: alpha))
        let examples = (0..<16).map(Int32.init)
        return (try mixed.collate(examples, view: view), try dataset.collate(examples, view: view))
    }

    @Test("every image is its share of itself and the rest of its partner")
    func formula() throws {
        let (mixed, plain) = try batches(alpha: 0.8, view: .augmented(seed: 1, visit: 2))
        let mixing = try #require(mixed.mixing)
        let values = plain.pixels.count / 16
        for image in 0..<16 {
            let (share, partner) = (mixing.shares[image], mixing.partners[image])
            for place in 0..<values {
                let expected =
                    share * plain.pixels[image * values + place] + (1 - share) * plain.pixels[partner * values + place]
                #expect(mixed.pixels[image * values + place] == expected)
            }
        }
        #expect(mixed.labels == plain.labels && Set(mixing.partners).count > 4)
    }

    @Test("shares and partners depend on seed, visit and example; a plain view mixes nothing")
    func purity() throws {
        let view = View.augmented(seed: 1, visit: 2)
        let first = try batches(alpha: 0.8, view: view).mixed
        #expect(try batches(alpha: 0.8, view: view).mixed == first)
        #expect(try batches(alpha: 0.8, view: .augmented(seed: 1, visit: 3)).mixed.mixing != first.mixing)
        #expect(try batches(alpha: 0.8, view: .augmented(seed: 2, visit: 2)).mixed.mixing != first.mixing)
        let (plain, unmixed) = try batches(alpha: 0.8, view: .plain)
        #expect(plain == unmixed && plain.mixing == nil)
    }

    @Test("shares have the mean and variance of the Beta distribution", arguments: [0.2, 1, 3])
    func distribution(alpha: Double) {
        let count = 8000
        let mixing = Mixing((0..<Int32(count)).map { $0 }, alpha: alpha, seed: 5, visit: 0)
        let shares = mixing.shares.map(Double.init)
        let mean = shares.reduce(0, +) / Double(count)
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        // Beta(α, α): mean 1/2, variance 1 / (4 (2 α + 1)).
        let expected = 1 / (4 * (2 * alpha + 1))
        #expect(abs(mean - 0.5) < 4 * (expected / Double(count)).squareRoot())
        #expect(abs(variance / expected - 1) < 0.06)
        #expect(shares.allSatisfy { (0...1).contains($0) })
    }
}
