/// What can be wrong with a policy, a teacher's inputs, a saved state or the files for them.
public enum TeachingError: Error, Equatable, CustomStringConvertible {
    /// A setting is out of its range; `key` is its path on disk, in snake_case.
    case invalidSetting(key: String, found: String, expected: String)
    /// No preset has this name.
    case unknownPreset(found: String)
    /// The scoring pass returned another number of values than it was asked for.
    case wrongScoreCount(found: Int, expected: Int)
    /// A saved state cannot be read.
    case corruptState(found: String, expected: String)
    /// A file cannot be written, or a folder take one; what was there stays.
    case unwritable(path: String, reason: String)
    case unreadable(path: String, reason: String)

    public var description: String {
        switch self {
        case .invalidSetting(let key, let found, let expected):
            "teacher setting \(key) is \(found), expected \(expected)"
        case .unknownPreset(let found):
            "teacher policy is \"\(found)\", expected one of \(Policy.presetNames.joined(separator: ", "))"
        case .wrongScoreCount(let found, let expected):
            "the scoring pass returned \(found) values, expected \(expected), one an example"
        case .corruptState(let found, let expected):
            "teacher state holds \(found), expected \(expected)"
        case .unwritable(let path, let reason):
            "the teacher cannot write to \(path): \(reason)"
        case .unreadable(let path, let reason):
            "the teacher cannot read \(path): \(reason)"
        }
    }
}
