/// A setting of a model that makes no learner.
public struct ModelError: Error, Equatable, CustomStringConvertible {
    /// The setting's name on disk.
    public let key: String
    public let found: String
    public let expected: String

    public var description: String { "\(key) is \(found), expected \(expected)" }
}
