import Foundation

/// Grey images and labels in the IDX format of MNIST (Y. LeCun, C. Cortes and C. Burges, "The MNIST database of
/// handwritten digits", 1998), also that of Fashion-MNIST, KMNIST and EMNIST.
public enum IDX {
    /// Reads a file of images and the file of their labels, either perhaps with gzip, as [N, 1, H, W].
    /// - Parameter classNames: one name a label; the ten digits unless given.
    /// - Throws: `missing`, `unreadable`, `truncated`, `trailingBytes`, `wrongMagicNumber`, `corrupt`,
    ///   `mismatchedCounts`, `labelOutOfRange`, `invalidSetting` or `empty`.
    public static func load(
        images imageFile: String, labels labelFile: String, classNames: [String] = (0...9).map(String.init)
    ) throws(DatasetError) -> ImageDataset {
        let images = try read(imageFile, dimensions: 3)
        let labels = try read(labelFile, dimensions: 1)
        guard images.shape[0] == labels.shape[0] else {
            throw .mismatchedCounts(
                images: imageFile, imageCount: images.shape[0], labels: labelFile, labelCount: labels.shape[0])
        }
        for (record, label) in labels.values.enumerated() where label >= classNames.count {
            throw .labelOutOfRange(
                source: labelFile, record: record, found: Int(label), classes: classNames.count)
        }
        return try ImageDataset(
            source: imageFile, pixels: [UInt8](images.values), labels: labels.values.map(Int64.init),
            classNames: classNames, channels: 1, size: ImageSize(height: images.shape[1], width: images.shape[2]))
    }

    /// The dimensions and the bytes after the header: two zero bytes, the type (8 is unsigned bytes), the number of
    /// dimensions, then each dimension as a big-endian 32-bit number.
    private static func read(_ file: String, dimensions: Int) throws(DatasetError) -> (shape: [Int], values: Data) {
        let raw = try readFile(file, expected: "an IDX file, perhaps with gzip")
        let data = Gzip.isCompressed(raw) ? try Gzip.decompress(raw, file: file) : raw
        let magic: [UInt8] = [0, 0, 8, UInt8(dimensions)]
        guard data.prefix(4).elementsEqual(magic.prefix(data.count)) else {
            throw .wrongMagicNumber(
                file: file, found: hexadecimal(data.prefix(4)), expected: "\(hexadecimal(magic)) (IDX)")
        }
        let headerBytes = 4 + 4 * dimensions
        guard data.count >= headerBytes else {
            throw .truncated(file: file, foundBytes: data.count, expected: "a header of \(headerBytes) bytes")
        }
        let shape = (1...dimensions).map { position in
            data.dropFirst(4 * position).prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        // Three 32-bit dimensions can announce more than 64 bits hold.
        let expectedBytes = shape.reduce(1) { $0 * UInt128($1) } + UInt128(headerBytes)
        guard data.count >= expectedBytes else {
            throw .truncated(file: file, foundBytes: data.count, expected: "\(expectedBytes) bytes from its header")
        }
        guard data.count == expectedBytes else {
            throw .trailingBytes(file: file, foundBytes: data.count, expectedBytes: Int(expectedBytes))
        }
        return (shape, data.dropFirst(headerBytes))
    }
}
