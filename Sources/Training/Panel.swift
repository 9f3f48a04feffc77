import Datasets
import Foundation

/// One small picture of an example, for people to look at.
public struct Panel: Sendable, Equatable {
    /// What it shows, such as `depth: input`.
    public let name: String
    public let image: Raster<UInt8>

    public init(name: String, image: Raster<UInt8>) { (self.name, self.image) = (name, image) }
}

extension Panel {
    /// Colours [3, H, W], of which −1 is black and 1 full.
    init(_ name: String, colors values: [Float], _ size: ImageSize) {
        let area = size.height * size.width
        self.init(name, size) { place in
            (0..<3).map { Self.byte((values[$0 * area + place] + 1) / 2) }
        }
    }

    /// Numbers [H, W] in grey, the least of `range` black and the largest white.
    init(_ name: String, grays values: [Float], within range: ClosedRange<Float>, _ size: ImageSize) {
        let span = max(range.upperBound - range.lowerBound, 1e-6)
        self.init(name, size) { place in
            [UInt8](repeating: Self.byte((values[place] - range.lowerBound) / span), count: 3)
        }
    }

    /// Classes [H, W], each in a colour of its own.
    init(_ name: String, classes values: [Int64], _ size: ImageSize) {
        self.init(name, size) { Self.color(ofClass: Int(values[$0])) }
    }

    /// The same with patches in grey, those that are not among `visible` of a grid of `side` pixels.
    func masked(_ name: String, showing visible: Set<Int>, patchSide side: Int) -> Panel {
        let (size, perRow) = (image.size, image.size.width / side)
        return Panel(name, size) { place in
            let (row, column) = (place / size.width, place % size.width)
            let isVisible = visible.contains(row / side * perRow + column / side)
            return isVisible ? Array(image.samples[3 * place..<3 * place + 3]) : [128, 128, 128]
        }
    }

    private init(_ name: String, _ size: ImageSize, _ pixel: (Int) -> [UInt8]) {
        let samples = (0..<size.height * size.width).flatMap(pixel)
        self.init(name: name, image: Raster(size: size, color: .rgb, samples: samples))
    }

    private static func byte(_ share: Float) -> UInt8 {
        UInt8((min(max(share.isNaN ? 0 : share, 0), 1) * 255).rounded())
    }

    /// Hues a golden angle apart, so that neighbouring classes differ.
    private static func color(ofClass index: Int) -> [UInt8] {
        let hue = (Float(index) * 0.618_034).truncatingRemainder(dividingBy: 1) * 6
        return [0, 4, 2].map { (offset: Float) in
            let distance = abs((hue + offset).truncatingRemainder(dividingBy: 6) - 3)
            return byte(0.25 + 0.65 * min(max(distance - 1, 0), 1))
        }
    }
}
