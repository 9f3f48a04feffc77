import Testing

@testable import Datasets

@Suite struct ImageDatasetTests {
    @Test("a plain batch holds the normalised pixels and labels of its examples, in their order")
    func collation() throws {
        let dataset = try ImageDataset(
            source: "four", pixels: [0, 16, 8, 4, 2, 1, 16, 0], labels: [1, 0], classNames: ["a", "b"], channels: 2,
            size: ImageSize(height: 1, width: 2), fullIntensity: 16
        ).normalized(by: Normalization(mean: [0.5, 0], standardDeviation: [0.25, 2]))
        let batch = try dataset.collate([1, 0, 1], view: .plain)
        #expect(batch.shape == [3, 2, 1, 2])
        #expect(batch.labels == [0, 1, 0])
        let (first, second): ([Float], [Float]) = ([-2, 2, 0.25, 0.125], [-1.5, -1.75, 0.5, 0])
        #expect(batch.pixels == second + first + second)
        #expect(try dataset.collate([], view: .plain).shape == [0, 2, 1, 2])
    }

    @Test("measured statistics give each channel mean 0 and deviation 1; a constant channel stays finite")
    func statistics() throws {
        let dataset = try randomDataset(count: 50)
        let normalized = try dataset.normalized(by: dataset.measuredNormalization())
        let batch = try normalized.collate((0..<50).map(Int32.init), view: .plain)
        for channel in 0..<3 {
            let values = batch.pixels.indices.filter { $0 / 20 % 3 == channel }.map { Double(batch.pixels[$0]) }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            #expect(abs(mean) < 1e-5)
            #expect(abs(variance - 1) < 1e-5)
        }
        let constant = try ImageDataset(
            source: "constant", pixels: [51, 51], labels: [0, 0], classNames: ["a"], channels: 1,
            size: ImageSize(height: 1, width: 1))
        #expect(constant.measuredNormalization() == Normalization(mean: [0.2], standardDeviation: [1]))
    }

    @Test("a fingerprint depends on shape, labels and every pixel, not on how the images are seen")
    func fingerprints() throws {
        let dataset = try randomDataset()
        #expect(try randomDataset().fingerprint == dataset.fingerprint)
        let seenOtherwise = try dataset.normalized(by: .imageNet).augmented(by: Augmentation(flip: true))
        #expect(seenOtherwise.fingerprint == dataset.fingerprint)
        var others: Set<UInt64> = [dataset.fingerprint]
        for index in dataset.pixels.indices {
            var pixels = dataset.pixels
            pixels[index] ^= 1
            others.insert(try copy(of: dataset, pixels: pixels).fingerprint)
        }
        others.insert(try copy(of: dataset, labels: dataset.labels.reversed()).fingerprint)
        others.insert(try copy(of: dataset, size: ImageSize(height: 4, width: 5)).fingerprint)
        #expect(others.count == dataset.pixels.count + 3)
    }

    @Test("a fingerprint is the same on every machine and in every version")
    func fingerprintGolden() throws {
        let dataset = try ImageDataset(
            source: "golden", pixels: (0..<18).map { UInt8($0 * 14) }, labels: [1, 0], classNames: ["a", "b"],
            channels: 1, size: ImageSize(height: 3, width: 3))
        #expect(dataset.fingerprint == 4_346_958_368_640_862_912)
        #expect(Fingerprint().value == 14_087_677_454_934_409_008)
    }

    private func copy(
        of dataset: ImageDataset, pixels: [UInt8]? = nil, labels: [Int64]? = nil, size: ImageSize? = nil
    ) throws -> ImageDataset {
        try ImageDataset(
            source: dataset.source, pixels: pixels ?? dataset.pixels, labels: labels ?? dataset.labels,
            classNames: dataset.classNames, channels: dataset.channels, size: size ?? dataset.size)
    }

    @Test("what does not fit together is refused in one sentence")
    func messages() throws {
        let folder = try TemporaryFolder()
        let size = ImageSize(height: 1, width: 2)
        func make(pixels: [UInt8], labels: [Int64], size: ImageSize = size) throws -> ImageDataset {
            try ImageDataset(
                source: "data", pixels: pixels, labels: labels, classNames: ["a", "b"], channels: 1, size: size)
        }
        #expect(folder.message { try make(pixels: [], labels: []) } == "data: found no examples, expected at least one")
        #expect(
            folder.message { try make(pixels: [1, 2, 3], labels: [0, 1]) }
                == "data: found 3 pixel values, expected 4 from the shape")
        #expect(
            folder.message { try make(pixels: [1, 2, 3, 4], labels: [0, 2]) }
                == "data: found label 2 in record 1, expected 0...1")
        #expect(
            folder.message { try make(pixels: [1, 2], labels: [-1]) }
                == "data: found label -1 in record 0, expected 0...1")
        #expect(
            folder.message { try make(pixels: [], labels: [0], size: ImageSize(height: 0, width: 2)) }
                == "data: shape: found 1 channels of 2×0 pixels up to 255, expected positive numbers")
        let dataset = try make(pixels: [1, 2], labels: [0])
        #expect(
            folder.message { try dataset.collate([0, 1], view: .plain) }
                == "data: found example number 1, expected 0..<1")
        #expect(
            folder.message { try dataset.collate([-1], view: .plain) }
                == "data: found example number -1, expected 0..<1")
        #expect(
            folder.message { try dataset.normalized(by: .imageNet) }
                == "normalization mean: found [0.485, 0.456, 0.406], expected 1 finite numbers")
        #expect(
            folder.message { try dataset.normalized(by: Normalization(mean: [0], standardDeviation: [0])) }
                == "normalization standard deviation: found [0.0], expected 1 finite numbers above 0")
    }
}
