import Foundation

/// A window of random area and aspect ratio, resized to the image's own size (Szegedy et al., arXiv 1409.4842, with the
/// draws of torchvision's `RandomResizedCrop`).
public struct RandomResizedCrop: Sendable, Hashable {
    /// The window's share of the image's area, within 0...1.
    public var scale: ClosedRange<Double>
    /// The window's width over its height; drawn evenly in its logarithm.
    public var ratio: ClosedRange<Double>

    public init(scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...4 / 3.0) {
        (self.scale, self.ratio) = (scale, ratio)
    }

    /// Draws a window; after ten that do not fit, the largest central one of an allowed ratio.
    func window(in size: ImageSize, _ draws: KeyedHash) -> CropWindow {
        let area = Double(size.height * size.width)
        for attempt in 0..<10 {
            func uniform(_ place: Int) -> Double { draws.keyed(by: attempt).keyed(by: place).uniform }
            let wanted = area * (scale.lowerBound + (scale.upperBound - scale.lowerBound) * uniform(0))
            let (low, high) = (log(ratio.lowerBound), log(ratio.upperBound))
            let aspect = exp(low + (high - low) * uniform(1))
            let width = Int((wanted * aspect).squareRoot().rounded())
            let height = Int((wanted / aspect).squareRoot().rounded())
            guard (1...size.width).contains(width), (1...size.height).contains(height) else { continue }
            let places = draws.keyed(by: attempt)
            let top = places.keyed(by: 2).below(size.height - height + 1)
            let left = places.keyed(by: 3).below(size.width - width + 1)
            return CropWindow(rows: top..<top + height, columns: left..<left + width)
        }
        return central(in: size)
    }

    private func central(in size: ImageSize) -> CropWindow {
        let aspect = Double(size.width) / Double(size.height)
        let allowed = min(max(aspect, ratio.lowerBound), ratio.upperBound)
        let width = aspect > allowed ? Int((Double(size.height) * allowed).rounded()) : size.width
        let height = aspect < allowed ? Int((Double(size.width) / allowed).rounded()) : size.height
        let (top, left) = ((size.height - max(1, height)) / 2, (size.width - max(1, width)) / 2)
        return CropWindow(rows: top..<top + max(1, height), columns: left..<left + max(1, width))
    }
}

/// A part of an image.
struct CropWindow: Hashable {
    var rows: Range<Int>
    var columns: Range<Int>

    init(rows: Range<Int>, columns: Range<Int>) { (self.rows, self.columns) = (rows, columns) }

    /// All of an image.
    init(_ size: ImageSize) { (rows, columns) = (0..<size.height, 0..<size.width) }
}
