/// A batch of images of one size, each with its depth, the class of every pixel and a class of its own.
public struct MultimodalBatch: Sendable, Equatable {
    public let size: ImageSize
    /// Normalised colours, contiguous [B, 3, H, W].
    public let rgb: [Float]
    /// Depth standardised image by image, contiguous [B, 1, H, W].
    public let depth: [Float]
    /// How each image's depth was standardised, [B].
    public let depthScales: [DepthStandardization]
    /// The class of each pixel, contiguous [B, H, W].
    public let semantics: [Int64]
    /// The class of each image, [B].
    public let labels: [Int64]
    /// What masks are drawn from, [B]: a function of the example in a plain view, of the example and the visit in an
    /// augmented one. So a learner that masks its input scores an example alike whenever it is asked.
    public let maskSeeds: [UInt64]
    /// How colours and depth were mixed; nil where each image is itself.
    public let mixing: Mixing?
    /// Where in whole images these are windows, [B]; nil where they are whole.
    public private(set) var corners: [ImageCorner]?

    /// The number of images, B.
    public var count: Int { labels.count }

    /// Square windows of whole images, each pixel as it is there.
    ///
    /// - Precondition: each corner leaves room for the window.
    public func windows(ofSide side: Int, at corners: [ImageCorner]) -> MultimodalBatch {
        let (width, area) = (size.width, size.height * size.width)
        func cut<Value>(_ values: [Value], planes: Int = 1) -> [Value] {
            guard !values.isEmpty else { return [] }
            var result: [Value] = []
            result.reserveCapacity(count * planes * side * side)
            for (image, corner) in corners.enumerated() {
                for plane in image * planes..<(image + 1) * planes {
                    for row in corner.row..<corner.row + side {
                        let first = plane * area + row * width + corner.column
                        result += values[first..<first + side]
                    }
                }
            }
            return result
        }
        return MultimodalBatch(
            size: ImageSize(height: side, width: side), rgb: cut(rgb, planes: 3), depth: cut(depth),
            depthScales: depthScales, semantics: cut(semantics), labels: labels, maskSeeds: maskSeeds, mixing: mixing,
            corners: corners)
    }

    /// Depth as it was measured, contiguous [B, 1, H, W].
    public var metricDepth: [Float] {
        let area = size.height * size.width
        return depth.indices.map { depthScales[$0 / area].original(depth[$0]) }
    }
}

/// The first pixel of a part of an image.
public struct ImageCorner: Sendable, Hashable {
    public let row, column: Int

    public init(row: Int, column: Int) { (self.row, self.column) = (row, column) }
}

/// Depth minus the mean, over the deviation, of an image's middle values: the lowest and highest tenth take no part, so
/// that a few outliers do not squeeze all else (the truncated standardisation of MultiMAE, arXiv 2204.01678).
public struct DepthStandardization: Sendable, Hashable {
    public let mean: Float
    public let deviation: Float

    /// - Parameter depth: at least one value.
    public init(_ depth: [Float]) {
        precondition(!depth.isEmpty, "the depth of an image has at least one pixel")
        let cut = depth.count / 10
        let middle = depth.sorted()[cut..<depth.count - cut]
        let mean = middle.reduce(0.0) { $0 + Double($1) } / Double(middle.count)
        let variance = middle.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(middle.count)
        (self.mean, deviation) = (Float(mean), Float((variance + 1e-6).squareRoot()))
    }

    public func standardized(_ depth: Float) -> Float { (depth - mean) / deviation }
    public func original(_ value: Float) -> Float { value * deviation + mean }
}
