/// One decoded image.
public struct Raster<Sample: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable, Equatable {
    public let size: ImageSize
    public let color: ColorModel
    /// Row by row, the channels of a pixel side by side: [H, W, C].
    public let samples: [Sample]

    /// - Precondition: the size is positive and the number of samples is that of its pixels times the channels.
    public init(size: ImageSize, color: ColorModel, samples: [Sample]) {
        precondition(size.height > 0 && size.width > 0, "an image has at least one pixel")
        precondition(samples.count == size.height * size.width * color.channels, "samples do not match the size")
        self.size = size
        self.color = color
        self.samples = samples
    }
}

/// What the channels of an image mean.
public enum ColorModel: String, Sendable, CaseIterable {
    case gray
    case rgb

    public var channels: Int { self == .gray ? 1 : 3 }
}
