import Datasets
import Models

/// Procedural scenes: training images, and others to hold out, of one seed that is not the run's.
public struct SceneData: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case scenes }

    public var kind = Kind.scenes
    /// Training images.
    public var count: Int
    /// Images held out.
    public var testCount = 1000
    /// Pixels a side.
    public var imageSize = 32
    /// Whether a training image may be mirrored.
    public var flip = true
    /// Which scenes: every run of a comparison sees the same.
    public var seed: UInt64 = 0

    public init(count: Int) { self.count = count }

    enum CodingKeys: String, CodingKey {
        case kind, count, flip, seed
        case testCount = "test_count"
        case imageSize = "image_size"
    }

    /// Held-out scenes are numbered from here on, whatever the number of training images.
    private static let testStart = 1 << 30

    func validate() throws(SettingError) {
        for (key, value) in [("count", count), ("test_count", testCount), ("image_size", imageSize)]
        where value < 1 || value >= Self.testStart {
            throw SettingError(key: key, found: "\(value)", expected: "at least 1 and below \(Self.testStart)")
        }
    }

    /// Renders both parts.
    public func load() throws(DatasetError) -> (training: SceneDataset, validation: SceneDataset) {
        let size = ImageSize(height: imageSize, width: imageSize)
        return (
            try SceneDataset(seed: seed, indices: 0..<count, size: size, flip: flip),
            try SceneDataset(seed: seed, indices: Self.testStart..<Self.testStart + testCount, size: size)
        )
    }
}
