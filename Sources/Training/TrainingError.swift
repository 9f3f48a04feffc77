/// What keeps a run from starting or going on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    case mismatch(what: String, found: String, expected: String)
    case batchLargerThanSelection(batch: Int, selection: Int, policy: String)
    case folderExists(path: String)
    case folderUnwritable(path: String, reason: String)
    case notARun(path: String, reason: String)
    case diverged(step: Int, loss: Double, examples: [Int32])

    public var description: String {
        switch self {
        case .mismatch(let what, let found, let expected): "\(what) is \(found), expected \(expected)"
        case .batchLargerThanSelection(let batch, let selection, let policy):
            "training.batch_size is \(batch), expected at most the \(selection) examples that the policy \(policy) selects"
        case .folderExists(let path): "the output folder \(path) already exists, expected a new one"
        case .folderUnwritable(let path, let reason): "the output folder \(path) cannot be written: \(reason)"
        case .notARun(let path, let reason): "\(path) is not a run that can be used: \(reason)"
        case .diverged(let step, let loss, let examples):
            "the loss of step \(step) is \(loss) on the examples \(examples.prefix(8).map(String.init).joined(separator: ", "))"
                + (examples.count > 8 ? ", …" : "") + "; lower training.learning_rate or look at these examples"
        }
    }
}
