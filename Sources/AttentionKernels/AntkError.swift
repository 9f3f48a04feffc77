/// What keeps a kernel or an experiment from being computed. Each description is one sentence.
public enum AntkError: Error, Equatable, CustomStringConvertible {
    case wrongShape(what: String, found: [Int], expected: String)
    case setting(name: String, found: String, expected: String)
    /// A restriction that leaves no parameter to differentiate by.
    case noParameters(restriction: String, examples: [String])
    /// A block of Jacobian rows that does not fit the memory allowed.
    case memory(needed: Int, allowed: Int, rows: Int, parameters: Int)
    /// An output that depends on no chosen parameter, or is not a number.
    case notDifferentiable(example: Int, reason: String)

    public var description: String {
        switch self {
        case .wrongShape(let what, let found, let expected): "\(what) has the shape \(found), expected \(expected)"
        case .setting(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        case .noParameters(let restriction, let examples):
            "no trainable parameter's name contains '\(restriction)', expected a part of a name such as "
                + examples.joined(separator: ", ")
        case .memory(let needed, let allowed, let rows, let parameters):
            "the derivatives of one example's \(rows) outputs by \(parameters) parameters take \(needed >> 20) MiB twice, "
                + "more than the \(allowed >> 20) MiB allowed; restrict the parameters or outputs, or allow more"
        case .notDifferentiable(let example, let reason): "example \(example) cannot be differentiated: \(reason)"
        }
    }
}
