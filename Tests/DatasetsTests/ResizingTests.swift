import Testing

@testable import Datasets

@Suite struct ResizingTests {
    /// Made with Pillow 13.0.0: `Image.new("L", (7, 5))` of the samples below, then `resize((w, h), Image.BILINEAR)`.
    private static let goldens: [(size: ImageSize, samples: [Int])] = [
        (ImageSize(height: 2, width: 3), [110, 141, 141, 122, 145, 137]),
        (
            ImageSize(height: 4, width: 4),
            [44, 107, 135, 180, 153, 159, 132, 121, 118, 147, 149, 160, 121, 110, 145, 116]
        ),
        (
            ImageSize(height: 3, width: 7),
            [39, 82, 124, 167, 100, 142, 185, 125, 188, 109, 172, 121, 184, 105, 69, 152, 90, 173, 147, 84, 167]
        ),
    ]

    @Test("resizing agrees with Pillow's antialiased bilinear filter to one level", arguments: goldens)
    func pillow(golden: (size: ImageSize, samples: [Int])) {
        let samples: [UInt8] = (0..<35).map { (position: Int) in
            let (x, y) = (position % 7, position / 7)
            return UInt8(truncatingIfNeeded: x * 37 + y * 91 + x * y * 13)
        }
        let image = Raster(size: ImageSize(height: 5, width: 7), color: .gray, samples: samples)
        let resized = image.resized(to: golden.size)
        #expect(resized.size == golden.size)
        for (found, expected) in zip(resized.samples, golden.samples) { #expect(abs(Int(found) - expected) <= 1) }
    }

    @Test("each channel is resized as a grey image of its own")
    func channels() {
        let image: Raster<UInt8> = noise(ImageSize(height: 9, width: 8), .rgb, seed: 11)
        let target = ImageSize(height: 4, width: 13)
        let resized = image.resized(to: target)
        for channel in 0..<3 {
            let plane = stride(from: channel, to: image.samples.count, by: 3).map { image.samples[$0] }
            let expected = Raster(size: image.size, color: .gray, samples: plane).resized(to: target)
            #expect(
                stride(from: channel, to: resized.samples.count, by: 3).map { resized.samples[$0] } == expected.samples)
        }
    }

    @Test("a flat image stays flat at every size")
    func flatness() {
        for (height, width) in [(1, 1), (2, 9), (4, 4), (31, 5)] {
            let resized = flat(77).resized(to: ImageSize(height: height, width: width))
            #expect(resized.samples == [UInt8](repeating: 77, count: height * width * 3))
        }
    }
}
