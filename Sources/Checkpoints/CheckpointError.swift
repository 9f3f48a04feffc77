/// What is wrong with a file that was to be read or written: one sentence with the file, what was found and what was expected.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case unwritable(file: String, reason: String)
    case malformed(file: String, found: String, expected: String)
    case checksum(file: String, found: String, expected: String)

    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
        case .malformed(let file, let found, let expected): "\(file): found \(found), expected \(expected)"
        case .checksum(let file, let found, let expected):
            "\(file) is damaged: its SHA-256 is \(found), expected \(expected)"
        }
    }
}
