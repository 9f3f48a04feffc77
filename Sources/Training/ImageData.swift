import Datasets
import Foundation
import Models

/// Labelled images and how they are seen.
public struct ImageData: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// scikit-learn's `digits.csv.gz`; the test part is split off.
        case digits
        /// CIFAR-10's binary batches, in a folder.
        case cifar10
        /// `train/CLASS/*.jpg` and `test/CLASS/*.jpg`, or PNG.
        case imageFolder = "image-folder"
        /// MNIST's four files by their usual names, perhaps with `.gz`, in a folder.
        case idx
    }

    /// How the images lie on disk.
    public var kind: Kind
    /// The file of `digits`, the folder of the others.
    public var path: String
    /// Share of the examples held out, where the data has no test part of its own.
    public var testShare = 0.2
    /// At most so many training examples; all where absent.
    public var limit: Int?
    /// Share of the training examples that get the label of another class, drawn at random, to test what noise does.
    public var labelNoise = 0.0
    /// Pixels a side that the images of a folder are resized to; as they are, all of one size, where absent.
    public var imageSize: Int?
    /// Whether damaged files of a folder are left out and listed, rather than end the run.
    public var skipCorrupt = false
    /// Pixels by which a training image may shift, its border filled with black.
    public var cropPadding = 0
    /// Whether a training image may be mirrored.
    public var flip = false
    /// The window of a training image that is resized to the whole; no such window where absent.
    public var randomResizedCrop: CropSettings?

    enum CodingKeys: String, CodingKey {
        case kind, path, limit, flip
        case testShare = "test_share"
        case labelNoise = "label_noise"
        case imageSize = "image_size"
        case skipCorrupt = "skip_corrupt"
        case cropPadding = "crop_padding"
        case randomResizedCrop = "random_resized_crop"
    }

    func validate() throws(SettingError) {
        guard (0..<1).contains(testShare) else {
            throw SettingError(key: "test_share", found: "\(testShare)", expected: "at least 0 and below 1")
        }
        guard (0...1).contains(labelNoise) else {
            throw SettingError(key: "label_noise", found: "\(labelNoise)", expected: "0 to 1")
        }
        guard limit ?? 1 >= 1 else { throw SettingError(key: "limit", found: "\(limit ?? 0)", expected: "at least 1") }
        guard cropPadding >= 0 else {
            throw SettingError(key: "crop_padding", found: "\(cropPadding)", expected: "0 or more")
        }
        guard imageSize ?? 1 >= 1 else {
            throw SettingError(key: "image_size", found: "\(imageSize ?? 0)", expected: "at least 1")
        }
        guard kind == .imageFolder || (imageSize == nil && !skipCorrupt) else {
            throw SettingError(
                key: imageSize == nil ? "skip_corrupt" : "image_size", found: imageSize.map(String.init) ?? "true",
                expected: "none, which is for the kind image-folder")
        }
        guard let randomResizedCrop else { return }
        try randomResizedCrop.validate()
        guard cropPadding == 0 else {
            throw SettingError(
                key: "crop_padding", found: "\(cropPadding)", expected: "0 beside random_resized_crop")
        }
    }
}

extension ImageData {
    /// The training part, augmented as the recipe says, and the held-out part, both normalised by the former's statistics.
    public func load() throws -> (training: ImageDataset, validation: ImageDataset) {
        var (training, validation) = try parts()
        if let limit { training = try training.limited(to: limit, seed: Self.splitSeed) }
        training = try training.mislabelled(labelNoise, seed: Self.splitSeed)
        let normalization = training.measuredNormalization()
        training = try training.normalized(by: normalization).augmented(
            by: Augmentation(cropPadding: cropPadding, flip: flip, crop: randomResizedCrop?.crop))
        return (training, try validation.normalized(by: normalization))
    }

    // Every seed of a comparison is tested on the same examples.
    private static let splitSeed: UInt64 = 0

    private func parts() throws -> (ImageDataset, ImageDataset) {
        switch kind {
        case .digits:
            let (training, validation) = try DigitsCSV.load(path).trainTestSplit(
                testShare: testShare, seed: Self.splitSeed)
            return (training, validation)
        case .cifar10:
            return (try CIFAR10.load(path, part: .train), try CIFAR10.load(path, part: .test))
        case .imageFolder:
            let size = imageSize.map { ImageSize(height: $0, width: $0) }
            func part(_ name: String, _ classNames: [String]?) throws -> ImageDataset {
                try ImageFolder.load(
                    "\(path)/\(name)", classNames: classNames, resizedTo: size, skipsCorrupt: skipCorrupt)
            }
            let training = try part("train", nil)
            return (training, try part("test", training.classNames))
        case .idx:
            return (try idx("train"), try idx("t10k"))
        }
    }

    /// MNIST's files, compressed or not.
    private func idx(_ part: String) throws -> ImageDataset {
        func file(_ name: String) -> String {
            let plain = "\(path)/\(part)-\(name)"
            return FileManager.default.fileExists(atPath: "\(plain).gz") ? "\(plain).gz" : plain
        }
        return try IDX.load(images: file("images-idx3-ubyte"), labels: file("labels-idx1-ubyte"))
    }
}
