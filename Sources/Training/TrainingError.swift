/// What keeps a run from starting or going on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    case mismatch(what: String, found: String, expected: String)
    case batchLargerThanSelection(batch: Int, selection: Int, policy: String)
    case folderExists(path: String)
    case folderUnwritable(path: String, reason: String)
    case notARun(path: String, reason: String)
    /// Another process trains in this folder; nil where it has not said yet which.
    case inUse(path: String, process: Int32?)
    /// A step that was no number, and the examples that made it so.
    case diverged(step: Int, quantity: String, value: Double, examples: [Int32], advice: String)
    case outOfMemory(step: Int, what: String, advice: String, reason: String)

    public var description: String {
        switch self {
        case .mismatch(let what, let found, let expected): "\(what) is \(found), expected \(expected)"
        case .batchLargerThanSelection(let batch, let selection, let policy):
            "training.batch_size is \(batch), expected at most the \(selection) examples that the policy \(policy) selects"
        case .folderExists(let path): "the output folder \(path) already exists, expected a new one"
        case .folderUnwritable(let path, let reason): "the output folder \(path) cannot be written: \(reason)"
        case .notARun(let path, let reason): "\(path) is not a run that can be used: \(reason)"
        case .inUse(let path, let process):
            "\(path) is in use by \(process.map { "process \($0)" } ?? "another process"), which trains there; wait for it "
                + "or stop it first"
        case .diverged(let step, let quantity, let value, let examples, let advice):
            "the \(quantity) of step \(step) is \(value) on the examples \(Self.listing(examples)); \(advice)"
        case .outOfMemory(let step, let what, let advice, let reason):
            "memory ran out at step \(step) on \(what); lower \(advice) (\(reason))"
        }
    }

    static func listing(_ examples: [Int32]) -> String {
        examples.prefix(8).map(String.init).joined(separator: ", ") + (examples.count > 8 ? ", …" : "")
    }
}
