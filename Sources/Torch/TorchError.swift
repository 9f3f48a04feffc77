import CTorch

/// A failure inside libtorch: the operation, the shapes it was given and libtorch's own words.
public struct TorchError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable { case failed, invalidIndex, outOfMemory }

    public let kind: Kind
    public let operation: String
    /// The operands' shapes, in order.
    public let shapes: [[Int]]
    public let message: String

    public init(kind: Kind, operation: String, shapes: [[Int]], message: String) {
        (self.kind, self.operation, self.shapes, self.message) = (kind, operation, shapes, message)
    }

    /// Reads the calling thread's last message.
    @usableFromInline
    init(_ status: ct_status, operation: StaticString, operands: [Tensor]) {
        let kind: Kind =
            switch status {
            case CT_INVALID_INDEX: .invalidIndex
            case CT_OUT_OF_MEMORY: .outOfMemory
            default: .failed
            }
        self.init(
            kind: kind, operation: "\(operation)", shapes: operands.map(\.shape),
            message: String(cString: ct_last_error()))
    }

    public var description: String {
        let arguments = shapes.map(\.description).joined(separator: ", ")
        let head = kind == .outOfMemory ? "out of memory in " : ""
        return "\(head)\(operation)(\(arguments)): \(message)"
    }
}

/// Throws where a call that returns nothing but a status failed.
@inlinable
func check(
    _ status: ct_status, _ operation: StaticString, _ operands: @autoclosure () -> [Tensor] = []
) throws(TorchError) {
    if status != CT_OK { throw TorchError(status, operation: operation, operands: operands()) }
}

/// Runs a call that yields one tensor.
@inlinable
func operation(
    _ name: StaticString, _ operands: @autoclosure () -> [Tensor] = [],
    _ body: (UnsafeMutablePointer<ct_tensor?>) -> ct_status
) throws(TorchError) -> Tensor {
    var handle: ct_tensor?
    let status = body(&handle)
    guard status == CT_OK, let handle else { throw TorchError(status, operation: name, operands: operands()) }
    return Tensor(owning: handle)
}
