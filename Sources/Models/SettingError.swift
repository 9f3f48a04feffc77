/// A setting that makes no learner, or no data for one.
public struct SettingError: Error, Equatable, CustomStringConvertible {
    /// The setting's name on disk.
    public let key: String
    public let found: String
    public let expected: String

    public init(key: String, found: String, expected: String) {
        (self.key, self.found, self.expected) = (key, found, expected)
    }

    public var description: String { "\(key) is \(found), expected \(expected)" }
}
