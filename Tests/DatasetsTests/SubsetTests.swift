import Testing

@testable import Datasets

@Suite struct SubsetTests {
    /// One pixel an image, whose value is the example's number; classes of 120, 60 and 20.
    private func numbered() throws -> ImageDataset {
        try ImageDataset(
            source: "numbered", pixels: (0..<200).map { UInt8($0) },
            labels: (0..<200).map { $0 < 120 ? 0 : $0 < 180 ? 1 : 2 }, classNames: ["a", "b", "c"], channels: 1,
            size: ImageSize(height: 1, width: 1))
    }

    private func classCounts(_ dataset: ImageDataset) -> [Int] {
        dataset.labels.reduce(into: [0, 0, 0]) { $0[Int($1)] += 1 }
    }

    @Test("a subset renumbers its examples and keeps normalisation and augmentation")
    func subset() throws {
        let dataset = try randomDataset().normalized(by: .imageNet).augmented(by: Augmentation(flip: true))
        let part = try dataset.subset([7, 2, 7])
        #expect(part.count == 3)
        #expect(part.augmentation == dataset.augmentation)
        #expect(try part.collate([0, 1, 2], view: .plain) == dataset.collate([7, 2, 7], view: .plain))
    }

    @Test(
        "a split is disjoint, complete, in the whole's order and in its proportions", arguments: 0..<10 as Range<UInt64>
    )
    func split(seed: UInt64) throws {
        for share in [0.05, 0.1, 0.25, 0.5, 0.9] {
            let (train, test) = try numbered().trainTestSplit(testShare: share, seed: seed)
            #expect(test.count == Int((share * 200).rounded()))
            #expect((train.pixels + test.pixels).sorted() == Array(0..<200))
            #expect(train.pixels == train.pixels.sorted() && test.pixels == test.pixels.sorted())
            for (found, size) in zip(classCounts(test), [120, 60, 20]) {
                #expect(abs(Double(found) - share * Double(size)) <= 1)
            }
        }
    }

    @Test("the same seed gives the same split and another seed another one")
    func determinism() throws {
        let dataset = try numbered()
        let test = try dataset.trainTestSplit(testShare: 0.2, seed: 1).test
        #expect(try dataset.trainTestSplit(testShare: 0.2, seed: 1).test.pixels == test.pixels)
        #expect(try dataset.trainTestSplit(testShare: 0.2, seed: 2).test.pixels != test.pixels)
    }

    @Test("smaller limits lie within larger ones, and a limit above the count changes nothing")
    func limits() throws {
        let dataset = try numbered()
        let parts = try [1, 10, 50, 199].map { Set(try dataset.limited(to: $0, seed: 4).pixels) }
        #expect(parts.map(\.count) == [1, 10, 50, 199])
        for (small, large) in zip(parts, parts.dropFirst()) { #expect(small.isSubset(of: large)) }
        #expect(try classCounts(dataset.limited(to: 20, seed: 4)) == [12, 6, 2])
        #expect(try dataset.limited(to: 1000, seed: 4).pixels == dataset.pixels)
    }

    @Test("label noise gives exactly its share another class, the same ones with the same seed")
    func labelNoise() throws {
        let dataset = try numbered()
        let noisy = try dataset.mislabelled(0.2, seed: 1)
        #expect(noisy.pixels == dataset.pixels && noisy.classNames == dataset.classNames)
        #expect(zip(noisy.labels, dataset.labels).filter { $0 != $1 }.count == 40)
        #expect(noisy.labels.allSatisfy { (0..<3).contains($0) })
        #expect(try dataset.mislabelled(0.2, seed: 1).labels == noisy.labels)
        #expect(try dataset.mislabelled(0.2, seed: 2).labels != noisy.labels)
        #expect(try dataset.mislabelled(0, seed: 1).labels == dataset.labels)
        #expect(throws: DatasetError.self) { try dataset.mislabelled(1.5, seed: 1) }
    }

    @Test("parts without examples are refused in one sentence")
    func messages() throws {
        let folder = try TemporaryFolder()
        let dataset = try numbered()
        for share in [0, 1, -0.5, 0.001, 0.9999, .nan] {
            #expect(
                folder.message { try dataset.trainTestSplit(testShare: share, seed: 1) }
                    == "test share: found \(share), expected a share in 0...1 that leaves both parts of numbered's "
                    + "200 examples non-empty")
        }
        #expect(
            folder.message { try dataset.limited(to: 0, seed: 1) } == "example limit: found 0, expected at least 1")
        #expect(folder.message { try dataset.subset([]) } == "numbered: found no examples, expected at least one")
        #expect(
            folder.message { try dataset.subset([200]) } == "numbered: found example number 200, expected 0..<200")
    }
}
