/// Labelled images of one size, held in memory as 8-bit values.
public struct ImageDataset: Sendable {
    /// Where the images came from: a file or folder, named in errors.
    public let source: String
    /// Raw values, contiguous [N, C, H, W].
    public let pixels: [UInt8]
    /// One class index an image, [N], each in `0..<classNames.count`.
    public let labels: [Int64]
    public let classNames: [String]
    public let channels: Int
    public let size: ImageSize
    /// The raw value that means full intensity: 255 for photographs, 16 for scikit-learn's digits.
    public let fullIntensity: UInt8
    public private(set) var normalization: Normalization
    public private(set) var augmentation: Augmentation = .none
    /// What is wrong with each file that was left out before the examples were numbered.
    public private(set) var skipped: [DatasetError] = []

    /// Takes images as they are, with pixels mapped to -1...1 and no augmentation.
    ///
    /// - Parameters:
    ///   - pixels: contiguous [N, C, H, W].
    ///   - labels: [N], each in `0..<classNames.count`.
    /// - Throws: `empty`, `invalidSetting`, `mismatchedStorage` or `labelOutOfRange`.
    public init(
        source: String, pixels: [UInt8], labels: [Int64], classNames: [String], channels: Int, size: ImageSize,
        fullIntensity: UInt8 = .max
    ) throws(DatasetError) {
        guard !labels.isEmpty else { throw .empty(source: source) }
        guard channels > 0, size.height > 0, size.width > 0, fullIntensity > 0 else {
            throw .invalidSetting(
                name: "\(source): shape", found: "\(channels) channels of \(size) pixels up to \(fullIntensity)",
                expected: "positive numbers")
        }
        let expectedValues = labels.count * channels * size.height * size.width
        guard pixels.count == expectedValues else {
            throw .mismatchedStorage(source: source, foundValues: pixels.count, expectedValues: expectedValues)
        }
        for (record, label) in labels.enumerated() where label < 0 || label >= classNames.count {
            throw .labelOutOfRange(source: source, record: record, found: Int(label), classes: classNames.count)
        }
        self.source = source
        self.pixels = pixels
        self.labels = labels
        self.classNames = classNames
        self.channels = channels
        self.size = size
        self.fullIntensity = fullIntensity
        normalization = .symmetric(channels: channels)
    }

    /// The values of one image, C·H·W.
    public var valuesPerImage: Int { channels * size.height * size.width }

    /// The same images, normalised with the given statistics.
    /// - Throws: `invalidSetting` unless there is one mean and one positive deviation a channel.
    public func normalized(by normalization: Normalization) throws(DatasetError) -> ImageDataset {
        try normalization.validate(channels: channels)
        var copy = self
        copy.normalization = normalization
        return copy
    }

    /// The same images, beside which files were left out.
    func leavingOut(_ skipped: [DatasetError]) -> ImageDataset {
        var copy = self
        copy.skipped = skipped
        return copy
    }

    /// The same images, augmented so in `View.augmented`.
    /// - Throws: `invalidSetting` if the padding is negative.
    public func augmented(by augmentation: Augmentation) throws(DatasetError) -> ImageDataset {
        try augmentation.validate()
        var copy = self
        copy.augmentation = augmentation
        return copy
    }
}
