import Datasets
import Models

/// Procedural scenes: training images, and others to hold out, of one seed that is not the run's.
public struct SceneData: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable { case scenes }

    /// `scenes`.
    public var kind = Kind.scenes
    /// Training images.
    public var count: Int
    /// Images held out.
    public var testCount = 1000
    /// Pixels a side.
    public var imageSize = 32
    /// Whether a training image may be mirrored.
    public var flip = true
    /// The window of a training image that is resized to the whole, in all modalities alike; no such window where
    /// absent.
    public var randomResizedCrop: CropSettings?
    /// Which scenes: every run of a comparison sees the same.
    public var seed: UInt64 = 0

    public init(count: Int) { self.count = count }

    enum CodingKeys: String, CodingKey {
        case kind, count, flip, seed
        case testCount = "test_count"
        case imageSize = "image_size"
        case randomResizedCrop = "random_resized_crop"
    }

    /// Held-out scenes are numbered from here on, whatever the number of training images.
    private static let testStart = 1 << 30

    func validate() throws(SettingError) {
        for (key, value) in [("count", count), ("test_count", testCount)]
        where value < 1 || value >= Self.testStart {
            throw SettingError(key: key, found: "\(value)", expected: "at least 1 and below \(Self.testStart)")
        }
        try checkImageSize(imageSize)
        try randomResizedCrop?.validate()
    }

    private var augmentation: Augmentation { Augmentation(flip: flip, crop: randomResizedCrop?.crop) }

    /// Renders both parts.
    public func load() throws(DatasetError) -> (training: MultimodalDataset, validation: MultimodalDataset) {
        let size = ImageSize(height: imageSize, width: imageSize)
        return (
            try Scenes.dataset(seed: seed, indices: 0..<count, size: size).augmented(by: augmentation),
            try Scenes.dataset(seed: seed, indices: Self.testStart..<Self.testStart + testCount, size: size)
        )
    }
}

/// Images in several modalities, in a folder with the parts `train` and `test`, each as ``Datasets/MultimodalFolder``
/// reads it.
public struct MultimodalData: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable { case multimodal }

    /// `multimodal`.
    public var kind = Kind.multimodal
    /// The folder.
    public var path: String
    /// Pixels a side that all images are resized to.
    public var imageSize = 32
    /// What the numbers of `semseg` mean; empty where there is no such folder.
    public var semanticClasses: [String] = []
    /// The one of them by which segmentation is neither taught nor judged, such as `void`.
    public var ignoredClass: String?
    /// Units of length a step of `depth`.
    public var depthUnit = 0.001
    /// Whether a training image may be mirrored.
    public var flip = true
    /// The window of a training image that is resized to the whole, in all modalities alike; no such window where
    /// absent.
    public var randomResizedCrop: CropSettings?
    /// Whether an image of which a file is damaged is left out and listed, rather than end the run.
    public var skipCorrupt = false

    public init(path: String) { self.path = path }

    enum CodingKeys: String, CodingKey {
        case kind, path, flip
        case imageSize = "image_size"
        case randomResizedCrop = "random_resized_crop"
        case semanticClasses = "semantic_classes"
        case ignoredClass = "ignored_class"
        case skipCorrupt = "skip_corrupt"
        case depthUnit = "depth_unit"
    }

    func validate() throws(SettingError) {
        try checkImageSize(imageSize)
        try randomResizedCrop?.validate()
        guard Float(depthUnit) > 0, Float(depthUnit).isFinite else {
            throw SettingError(key: "depth_unit", found: "\(depthUnit)", expected: "a positive number")
        }
        let repeated = Dictionary(grouping: semanticClasses) { $0 }.filter { $1.count > 1 }.keys.min()
        if let repeated {
            throw SettingError(key: "semantic_classes", found: "\(repeated) twice", expected: "each name once")
        }
        if let ignoredClass, !semanticClasses.contains(ignoredClass) {
            throw SettingError(key: "ignored_class", found: ignoredClass, expected: "one of semantic_classes")
        }
    }

    /// Decodes both parts.
    public func load() throws(DatasetError) -> (training: MultimodalDataset, validation: MultimodalDataset) {
        var options = MultimodalFolder.Options(size: ImageSize(height: imageSize, width: imageSize))
        (options.semanticNames, options.depthUnit) = (semanticClasses, Float(depthUnit))
        options.skipsCorrupt = skipCorrupt
        let training = try MultimodalFolder.load("\(path)/train", options).augmented(
            by: Augmentation(flip: flip, crop: randomResizedCrop?.crop))
        options.classNames = training.classNames
        return (training, try MultimodalFolder.load("\(path)/test", options))
    }
}

/// - Throws: where a square image of so many pixels a side would have none, or more than any image may have.
private func checkImageSize(_ side: Int) throws(SettingError) {
    let largest = Int(Double(ImageCodec.maximumPixels).squareRoot())
    guard (1...largest).contains(side) else {
        throw SettingError(key: "image_size", found: "\(side)", expected: "1 to \(largest)")
    }
}
