import Datasets
import Foundation

extension ImageData {
    /// The training part, augmented as the recipe says, and the held-out part, both normalised by the former's statistics.
    public func load() throws -> (training: ImageDataset, validation: ImageDataset) {
        var (training, validation) = try parts()
        if let limit { training = try training.limited(to: limit, seed: Self.splitSeed) }
        let normalization = training.measuredNormalization()
        training = try training.normalized(by: normalization).augmented(
            by: Augmentation(cropPadding: cropPadding, flip: flip))
        return (training, try validation.normalized(by: normalization))
    }

    // Every seed of a comparison is tested on the same examples.
    private static let splitSeed: UInt64 = 0

    private func parts() throws -> (ImageDataset, ImageDataset) {
        switch kind {
        case .digits:
            let (training, validation) = try DigitsCSV.load(path).trainTestSplit(testShare: testShare, seed: Self.splitSeed)
            return (training, validation)
        case .cifar10:
            return (try CIFAR10.load(path, part: .train), try CIFAR10.load(path, part: .test))
        case .imageFolder:
            let training = try ImageFolder.load("\(path)/train")
            return (training, try ImageFolder.load("\(path)/test", classNames: training.classNames))
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
