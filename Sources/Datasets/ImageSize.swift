/// The size of an image in pixels.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// Width × height, as image tools print it.
    public var description: String { "\(width)×\(height)" }
}
