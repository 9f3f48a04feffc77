import Foundation
import Testing

@testable import Datasets

private struct Golden: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
        let window, size, bilinear, nearest: [Int]

        var testDescription: String { "\(window) to \(size)" }
        var cropWindow: CropWindow {
            CropWindow(rows: window[0]..<window[0] + window[2], columns: window[1]..<window[1] + window[3])
        }
        var imageSize: ImageSize { ImageSize(height: size[0], width: size[1]) }
    }

    let image: [Int]
    let cases: [Case]

    static func load() throws -> Golden {
        let url = try #require(
            Bundle.module.url(forResource: "resized_crop", withExtension: "json", subdirectory: "Goldens"))
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }

    /// The image that `tools/resampling_goldens.py` makes, [C, H, W].
    var planes: [UInt8] {
        var planes: [UInt8] = []
        for c in 0..<image[0] {
            for y in 0..<image[1] {
                for x in 0..<image[2] {
                    let value = c * 89 + x * 37 + y * 91 + x * y * 13
                    planes.append(UInt8(truncatingIfNeeded: value))
                }
            }
        }
        return planes
    }
}

@Suite struct RandomResizedCropTests {
    @Test("a window at another size agrees with torchvision's antialiased one to one level, and nearest pixels exactly")
    func torchvision() throws {
        let golden = try Golden.load()
        let (planes, size) = (golden.planes, ImageSize(height: golden.image[1], width: golden.image[2]))
        #expect(golden.cases.count == 6)
        for expected in golden.cases {
            var found = [UInt8](repeating: 0, count: expected.bilinear.count)
            Resampling(expected.cropWindow, to: expected.imageSize).apply(
                planes, size, channels: 3, .planar, to: &found)
            let worst = zip(found, expected.bilinear).map { abs(Int($0) - $1) }.max() ?? 0
            #expect(worst <= 1, "\(expected.testDescription)")
            let nearest = expected.cropWindow.nearest(planes, width: size.width, to: expected.imageSize)
            #expect(nearest.map(Int.init) == expected.nearest, "\(expected.testDescription)")
        }
    }

    @Test("windows lie within the image and their areas and ratios within what was asked for, to a pixel's rounding")
    func bounds() {
        let crop = RandomResizedCrop(scale: 0.2...0.6, ratio: 0.5...2)
        let size = ImageSize(height: 100, width: 140)
        var (areas, isWide): ([Double], [Bool]) = ([], [])
        for example in 0..<4000 {
            let window = crop.window(in: size, KeyedHash(seed: 3).keyed(by: example))
            #expect(window.rows.lowerBound >= 0 && window.rows.upperBound <= 100)
            #expect(window.columns.lowerBound >= 0 && window.columns.upperBound <= 140)
            let (height, width) = (Double(window.rows.count), Double(window.columns.count))
            areas.append(height * width / 14_000)
            #expect((0.19...0.61).contains(areas[example]) && (0.48...2.1).contains(width / height))
            isWide.append(width > height)
        }
        // Those that fit are drawn evenly: no corner of the range is left out.
        #expect(areas.contains { $0 < 0.22 } && areas.contains { $0 > 0.58 })
        #expect((1600...2700).contains(isWide.filter { $0 }.count))
    }

    @Test("where no draw fits, the largest central window of an allowed ratio is taken")
    func fallback() {
        let wide = RandomResizedCrop(scale: 1...1, ratio: 0.75...4 / 3.0)
        let window = wide.window(in: ImageSize(height: 10, width: 100), KeyedHash(seed: 1))
        #expect(window == CropWindow(rows: 0..<10, columns: 43..<56))
        let tall = wide.window(in: ImageSize(height: 100, width: 9), KeyedHash(seed: 1))
        #expect(tall == CropWindow(rows: 44..<56, columns: 0..<9))
    }

    @Test("an image's window depends on seed, visit and example alone, and a plain view has none")
    func purity() throws {
        let dataset = try randomDataset(count: 8, size: ImageSize(height: 12, width: 12)).augmented(
            by: Augmentation(flip: true, crop: RandomResizedCrop(scale: 0.2...0.5)))
        let view = View.augmented(seed: 4, visit: 2)
        let values = dataset.valuesPerImage
        let all = try dataset.collate((0..<8).map(Int32.init), view: view)
        let one = try dataset.collate([5], view: view)
        #expect(Array(all.pixels[5 * values..<6 * values]) == one.pixels)
        #expect(try dataset.collate([5], view: .augmented(seed: 4, visit: 3)).pixels != one.pixels)
        #expect(try dataset.collate([5], view: .augmented(seed: 5, visit: 2)).pixels != one.pixels)
        #expect(
            try dataset.collate([5], view: .plain)
                == randomDataset(count: 8, size: dataset.size).collate([5], view: .plain))
    }

    @Test("all modalities are cut and mirrored alike")
    func modalities() throws {
        // Depth and class say where a pixel came from, and colour is constant within it.
        let size = ImageSize(height: 16, width: 16)
        let places = (0..<256).map { UInt8($0) }
        let image = MultimodalImage(
            rgb: places + places + places, depth: places.map { Float($0) + 1 }, semantics: places, label: 0)
        let names = (0..<256).map { "\($0)" }
        let dataset = try MultimodalDataset(source: "places", images: [image], size: size, semanticNames: names)
            .augmented(by: Augmentation(flip: true, crop: RandomResizedCrop(scale: 0.1...0.3)))
        var mirrored = 0
        for visit in 0..<20 {
            let batch = try dataset.collate([0], view: .augmented(seed: 1, visit: visit))
            let depth = batch.metricDepth.map { Int($0.rounded()) - 1 }
            #expect(depth == batch.semantics.map(Int.init))
            #expect(Set(batch.semantics).count < 128)
            if batch.semantics[0] > batch.semantics[15] { mirrored += 1 }
            // The middle's colour is between those of its neighbours, which is where its class says it is from.
            let middle = 8 * 16 + 8
            let color = (batch.rgb[middle] + 1) * 127.5
            #expect(abs(color - Float(batch.semantics[middle])) <= 18)
        }
        #expect((3...17).contains(mirrored))
        let plain = try dataset.collate([0], view: .plain)
        #expect(plain.semantics == (0..<256).map(Int64.init))
        #expect(try dataset.collate([0], view: .plain) == plain)
    }

    @Test("a window's depth is standardised by itself")
    func depth() throws {
        let size = ImageSize(height: 8, width: 8)
        let image = MultimodalImage(
            rgb: [UInt8](repeating: 0, count: 192), depth: (0..<64).map { Float($0 * $0) }, semantics: nil)
        let dataset = try MultimodalDataset(source: "slope", images: [image], size: size)
            .augmented(by: Augmentation(crop: RandomResizedCrop(scale: 0.2...0.2)))
        let batch = try dataset.collate([0], view: .augmented(seed: 1, visit: 0))
        let scale = DepthStandardization(batch.metricDepth)
        #expect(abs(scale.mean - batch.depthScales[0].mean) < 1e-2 * abs(scale.mean) + 1e-2)
        #expect(batch.depthScales != (try dataset.collate([0], view: .plain)).depthScales)
    }

    @Test("ranges that make no window are refused")
    func refused() throws {
        let folder = try TemporaryFolder()
        func message(_ crop: RandomResizedCrop) -> String? {
            folder.message { try randomDataset().augmented(by: Augmentation(crop: crop)) }
        }
        #expect(
            message(RandomResizedCrop(scale: 0...1))
                == "random resized crop: scale: found 0.0...1.0, expected within 0...1")
        #expect(
            message(RandomResizedCrop(ratio: -1...1))
                == "random resized crop: ratio: found -1.0...1.0, expected positive numbers")
        #expect(
            folder.message {
                try Scenes.dataset(seed: 1, indices: 0..<1, size: ImageSize(height: 4, width: 4)).augmented(
                    by: Augmentation(cropPadding: 1))
            } == "scenes: crop padding: found 1, expected 0 for images in several modalities")
    }
}
