/// A batch of labelled images of one size, ready to become a tensor.
public struct ImageBatch: Sendable, Equatable {
    /// Normalised pixels, contiguous [B, C, H, W].
    public let pixels: [Float]
    /// One class index an image, [B].
    public let labels: [Int64]
    public let channels: Int
    public let size: ImageSize
    /// How the pixels were mixed; nil where each image is itself.
    public let mixing: Mixing?

    /// - Precondition: there are B·C·H·W pixels.
    public init(pixels: [Float], labels: [Int64], channels: Int, size: ImageSize, mixing: Mixing? = nil) {
        precondition(pixels.count == labels.count * channels * size.height * size.width, "wrong number of pixels")
        self.pixels = pixels
        self.labels = labels
        self.channels = channels
        self.size = size
        self.mixing = mixing
    }

    /// The number of images, B.
    public var count: Int { labels.count }
    /// [B, C, H, W].
    public var shape: [Int] { [count, channels, size.height, size.width] }
}
