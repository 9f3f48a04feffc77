/// What keeps a model from being evaluated on a task.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
    /// A record of a task's file is not what it has to be; lines are counted from 1.
    case invalidRecord(file: String, line: Int, found: String, expected: String)
    /// Programs cannot be kept apart from this machine.
    case noSandbox(reason: String)
    /// A program could not be started at all.
    case launchFailed(program: String, reason: String)
    /// A server that judges did not do so.
    case endpoint(url: String, reason: String)
    /// A conversation cannot be judged.
    case conversation(question: Int, found: String, expected: String)
    case unwritable(path: String, reason: String)

    public var description: String {
        switch self {
        case .invalidRecord(let file, let line, let found, let expected):
            "\(file):\(line): found \(found), expected \(expected)"
        case .noSandbox(let reason):
            "there is no sandbox to run a model's programs in (\(reason)), expected bubblewrap or unshare to work; "
                + "--unsafe-without-sandbox runs them without"
        case .endpoint(let url, let reason): "\(url): \(reason)"
        case .conversation(let question, let found, let expected):
            "question \(question): found \(found), expected \(expected)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .launchFailed(let program, let reason): "\(program) cannot be started: \(reason)"
        }
    }
}
