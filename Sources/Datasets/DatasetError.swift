/// What is wrong with a dataset. The description is one sentence: where, what was found, what was expected.
public enum DatasetError: Error, Equatable, Sendable {
    case missing(path: String, expected: String)
    case unreadable(path: String, reason: String)
    /// The file ends too early.
    case truncated(file: String, foundBytes: Int, expected: String)
    /// The file goes on after the data that its header announces.
    case trailingBytes(file: String, foundBytes: Int, expectedBytes: Int)
    case wrongMagicNumber(file: String, found: String, expected: String)
    case corrupt(file: String, format: String, reason: String)
    case tooLarge(file: String, found: String, expected: String)

    case wrongColumnCount(file: String, line: Int, found: Int, expected: Int)
    case invalidValue(file: String, line: Int, column: Int, found: String, expected: String)
    case invalidLine(file: String, line: Int, found: String, expected: String)
    /// An array's records are counted from 0.
    case invalidRecord(file: String, index: Int, found: String, expected: String)
    /// Records are counted from 0, as example numbers are.
    case labelOutOfRange(source: String, record: Int, found: Int, classes: Int)
    case mismatchedCounts(images: String, imageCount: Int, labels: String, labelCount: Int)
    case mismatchedStorage(source: String, foundValues: Int, expectedValues: Int)
    case empty(source: String)

    case noClassFolders(path: String)
    case emptyClassFolder(path: String)
    case unexpectedClasses(path: String, found: [String], expected: [String])
    case unexpectedFile(path: String)

    case wrongImageSize(file: String, found: ImageSize, expected: ImageSize)
    case wrongPixelFormat(file: String, found: String, expected: String)
    case encodingFailed(reason: String)

    case exampleOutOfRange(source: String, example: Int, count: Int)
    case invalidSetting(name: String, found: String, expected: String)
}

extension DatasetError {
    /// Whether one file is damaged, or no image at all: it may be left out where the others are wanted all the same.
    var isCorruption: Bool {
        switch self {
        case .corrupt, .wrongMagicNumber: true
        default: false
        }
    }
}

extension DatasetError: CustomStringConvertible {
    public var description: String {
        let (place, found, expected) = parts
        return "\(place): found \(found), expected \(expected)"
    }

    private var parts: (place: String, found: String, expected: String) {
        switch self {
        case .missing(let path, let expected): (path, "nothing there", expected)
        case .unreadable(let path, let reason): (path, "something unreadable (\(reason))", "a readable file or folder")
        case .truncated(let file, let bytes, let expected): (file, "a truncated file of \(bytes) bytes", expected)
        case .trailingBytes(let file, let bytes, let expected): (file, "\(bytes) bytes", "\(expected) from its header")
        case .wrongMagicNumber(let file, let found, let expected): (file, "the magic number \(found)", expected)
        case .corrupt(let file, let format, let reason): (file, "corrupt data (\(reason))", "a valid \(format)")
        case .tooLarge(let file, let found, let expected): (file, found, expected)
        case .wrongColumnCount(let file, let line, let found, let expected):
            ("\(file):\(line)", "\(found) columns", "\(expected)")
        case .invalidValue(let file, let line, let column, let found, let expected):
            ("\(file):\(line)", "\"\(found)\" in column \(column)", expected)
        case .invalidLine(let file, let line, let found, let expected): ("\(file):\(line)", found, expected)
        case .invalidRecord(let file, let index, let found, let expected): ("\(file)[\(index)]", found, expected)
        case .labelOutOfRange(let source, let record, let found, let classes):
            (source, "label \(found) in record \(record)", "0...\(classes - 1)")
        case .mismatchedCounts(let images, let imageCount, let labels, let labelCount):
            (labels, "\(labelCount) labels", "\(imageCount), one for each image in \(images)")
        case .mismatchedStorage(let source, let found, let expected):
            (source, "\(found) pixel values", "\(expected) from the shape")
        case .empty(let source): (source, "no examples", "at least one")
        case .noClassFolders(let path): (path, "no sub-folders", "one for each class")
        case .emptyClassFolder(let path): (path, "no images in this class folder", "at least one")
        case .unexpectedClasses(let path, let found, let expected):
            (path, "the classes \(found.joined(separator: ", "))", expected.joined(separator: ", "))
        case .unexpectedFile(let path): (path, "something else than an image", "a .jpg, .jpeg or .png file")
        case .wrongImageSize(let file, let found, let expected):
            (file, "an image of \(found) pixels", "\(expected) like the first, or a size to resize all images to")
        case .wrongPixelFormat(let file, let found, let expected): (file, found, expected)
        case .encodingFailed(let reason): ("PNG encoder", reason, "an encoded image")
        case .exampleOutOfRange(let source, let example, let count):
            (source, "example number \(example)", "0..<\(count)")
        case .invalidSetting(let name, let found, let expected): (name, found, expected)
        }
    }
}
