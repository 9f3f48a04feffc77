import Testing

@testable import Datasets

@Suite struct AugmentationTests {
    @Test("augmented batches equal padding, cutting and mirroring done one pixel at a time")
    func reference() throws {
        for augmentation in [
            Augmentation(cropPadding: 2, flip: true), Augmentation(cropPadding: 1), Augmentation(flip: true),
            Augmentation(cropPadding: 9, flip: true),
        ] {
            let dataset = try randomDataset(count: 40).augmented(by: augmentation)
            let view = View.augmented(seed: 5, visit: 3)
            let examples = (0..<40).map(Int32.init)
            let expected = examples.flatMap { example in
                referencePixels(dataset, example: Int(example), augmentation.placement(of: example, in: view))
            }
            #expect(try dataset.collate(examples, view: view).pixels == expected)
        }
    }

    /// (v / 255 − 1/2) / (1/2) of the pixel that each target pixel comes from; black outside the image.
    private func referencePixels(
        _ dataset: ImageDataset, example: Int, _ placement: Augmentation.Placement
    ) -> [Float] {
        let (height, width) = (dataset.size.height, dataset.size.width)
        var result: [Float] = []
        for channel in 0..<dataset.channels {
            for y in 0..<height {
                for x in 0..<width {
                    let (row, cut) = (y + placement.down, placement.isMirrored ? width - 1 - x : x)
                    let column = cut + placement.right
                    let isInside = (0..<height).contains(row) && (0..<width).contains(column)
                    let index = ((example * dataset.channels + channel) * height + row) * width + column
                    let value = isInside ? Float(dataset.pixels[index]) : 0
                    result.append((value / 255 - 0.5) / 0.5)
                }
            }
        }
        return result
    }

    @Test("an example's augmentation does not depend on its batch or on what was collated before")
    func purity() throws {
        let dataset = try randomDataset(count: 20).augmented(by: Augmentation(cropPadding: 2, flip: true))
        let view = View.augmented(seed: 1, visit: 0)
        let values = dataset.valuesPerImage
        let forward = try dataset.collate((0..<20).map(Int32.init), view: view)
        let backward = try dataset.collate((0..<20).reversed().map(Int32.init), view: view)
        for example in 0..<20 {
            let there = forward.pixels[(example * values)..<(example + 1) * values]
            let back = backward.pixels[((19 - example) * values)..<(20 - example) * values]
            #expect(Array(there) == Array(back))
        }
    }

    @Test("seed, visit and example each change the draw")
    func keys() {
        let augmentation = Augmentation(cropPadding: 1_000_000)
        let placements = [
            augmentation.placement(of: 0, in: .augmented(seed: 0, visit: 0)),
            augmentation.placement(of: 0, in: .augmented(seed: 1, visit: 0)),
            augmentation.placement(of: 0, in: .augmented(seed: 0, visit: 1)),
            augmentation.placement(of: 1, in: .augmented(seed: 0, visit: 0)),
        ]
        #expect(Set(placements).count == placements.count)
    }

    @Test("a plain view is never augmented, and no augmentation changes nothing")
    func plain() throws {
        let dataset = try randomDataset()
        let augmented = try dataset.augmented(by: Augmentation(cropPadding: 2, flip: true))
        let expected = try dataset.collate([3, 4, 3], view: .plain)
        #expect(try augmented.collate([3, 4, 3], view: .plain) == expected)
        #expect(try dataset.collate([3, 4, 3], view: .augmented(seed: 1, visit: 1)) == expected)
    }

    @Test("offsets are uniform, mirroring is fair, and the three draws are independent of each other")
    func uniformity() {
        let augmentation = Augmentation(cropPadding: 2, flip: true)
        var counts: [Augmentation.Placement: Int] = [:]
        let draws = 50_000
        for example in 0..<Int32(draws) {
            let view = View.augmented(seed: 9, visit: Int(example) % 7)
            counts[augmentation.placement(of: example, in: view), default: 0] += 1
        }
        #expect(counts.count == 50)
        let expected = Double(draws) / 50
        let chiSquare = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        // 49 degrees of freedom: 85.4 is exceeded with a chance of 0.001.
        #expect(chiSquare < 85.4)
    }

    @Test("negative padding is refused")
    func negativePadding() throws {
        let folder = try TemporaryFolder()
        #expect(
            folder.message { try randomDataset().augmented(by: Augmentation(cropPadding: -1)) }
                == "crop padding: found -1, expected 0 or more pixels")
    }
}
