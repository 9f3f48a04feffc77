import Foundation

/// The 1,797 handwritten digits of 8×8 pixels that scikit-learn carries (E. Alpaydin and C. Kaynak, "Optical Recognition
/// of Handwritten Digits", UCI Machine Learning Repository, 1998): rows of 64 intensities in 0...16 and a label.
public enum DigitsCSV {
    static let size = ImageSize(height: 8, width: 8)
    static let fullIntensity: UInt8 = 16

    /// Reads `digits.csv.gz`, or the same uncompressed, as [N, 1, 8, 8].
    /// - Throws: `missing`, `unreadable`, `truncated`, `corrupt`, `wrongColumnCount`, `invalidValue`,
    ///   `labelOutOfRange` or `empty`.
    public static func load(_ file: String) throws(DatasetError) -> ImageDataset {
        let data = try readFile(file, expected: "a CSV file of digits, perhaps with gzip")
        let text = Gzip.isCompressed(data) ? try Gzip.decompress(data, file: file) : data
        var pixels: [UInt8] = []
        var labels: [Int64] = []
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            let row = Row(file: file, line: index + 1)
            let values = try row.values(in: line)
            for (column, value) in values.dropLast().enumerated() {
                pixels.append(try row.intensity(value, column: column + 1))
            }
            labels.append(Int64(values[values.count - 1]))
        }
        return try ImageDataset(
            source: file, pixels: pixels, labels: labels, classNames: (0...9).map(String.init), channels: 1, size: size,
            fullIntensity: fullIntensity)
    }

    /// A line of the file, to name it in errors.
    private struct Row {
        let file: String
        let line: Int

        func values(in bytes: Data) throws(DatasetError) -> [Int] {
            let fields = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let expected = size.height * size.width + 1
            guard fields.count == expected else {
                throw .wrongColumnCount(file: file, line: line, found: fields.count, expected: expected)
            }
            var values: [Int] = []
            for (column, field) in fields.enumerated() {
                let text = String(decoding: field, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                guard let value = Int(text) else {
                    throw .invalidValue(
                        file: file, line: line, column: column + 1, found: text, expected: "a whole number")
                }
                values.append(value)
            }
            return values
        }

        func intensity(_ value: Int, column: Int) throws(DatasetError) -> UInt8 {
            guard value >= 0, value <= fullIntensity else {
                throw .invalidValue(
                    file: file, line: line, column: column, found: "\(value)", expected: "0...\(fullIntensity)")
            }
            return UInt8(value)
        }
    }
}
