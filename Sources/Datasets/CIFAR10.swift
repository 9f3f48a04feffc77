import Foundation

/// CIFAR-10 in its binary version (A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009):
/// records of one label and 32×32 pixels a plane, red, green, blue. Its class folders of image files are read by
/// `ImageFolder`.
public enum CIFAR10 {
    /// The two parts of the dataset.
    public enum Part: Sendable {
        /// `data_batch_1.bin` to `data_batch_5.bin`.
        case train
        /// `test_batch.bin`.
        case test
    }

    public static let classNames = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]

    private static let size = ImageSize(height: 32, width: 32)
    private static let recordBytes = 1 + 3 * 32 * 32

    /// Reads one part from the folder of the unpacked archive (`cifar-10-batches-bin`) as [N, 3, 32, 32].
    /// A file may hold any whole number of records.
    /// - Throws: `missing`, `unreadable`, `truncated`, `labelOutOfRange` or `empty`.
    public static func load(_ folder: String, part: Part) throws(DatasetError) -> ImageDataset {
        let names = part == .test ? ["test_batch.bin"] : (1...5).map { "data_batch_\($0).bin" }
        var pixels: [UInt8] = []
        var labels: [Int64] = []
        for name in names { try append(join(folder, name), pixels: &pixels, labels: &labels) }
        return try ImageDataset(
            source: folder, pixels: pixels, labels: labels, classNames: classNames, channels: 3, size: size)
    }

    private static func append(
        _ file: String, pixels: inout [UInt8], labels: inout [Int64]
    ) throws(DatasetError) {
        let data = try readFile(file, expected: "a binary batch of CIFAR-10")
        guard data.count.isMultiple(of: recordBytes) else {
            throw .truncated(
                file: file, foundBytes: data.count, expected: "a whole number of records of \(recordBytes) bytes")
        }
        for record in 0..<data.count / recordBytes {
            let start = data.startIndex + record * recordBytes
            let label = Int(data[start])
            guard label < classNames.count else {
                throw .labelOutOfRange(source: file, record: record, found: label, classes: classNames.count)
            }
            labels.append(Int64(label))
            pixels.append(contentsOf: data[(start + 1)..<(start + recordBytes)])
        }
    }
}
