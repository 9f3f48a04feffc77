import Checkpoints
import Foundation

/// Why a log or report could not be written or read. Each description is one sentence.
public enum ReportingError: Error, CustomStringConvertible, Equatable {
    case cannotOpen(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    case cannotRead(path: String, reason: String)
    /// A complete line of a metrics log that is not one of its records; `line` counts from 1.
    case malformedLine(path: String, line: Int, reason: String)
    /// A metrics log that lacks an event that every readable run has.
    case missingEvent(path: String, event: String)
    /// A report over no runs.
    case noRuns
    case malformedTemplate(reason: String)
    case cannotServe(port: Int, reason: String)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "\(path) could not be opened for writing: \(reason)."
        case .cannotWrite(let path, let reason):
            "\(path) could not be written: \(reason)."
        case .cannotRead(let path, let reason):
            "\(path) could not be read: \(reason)."
        case .malformedLine(let path, let line, let reason):
            "\(path), line \(line): \(reason)."
        case .missingEvent(let path, let event):
            "\(path) holds no `\(event)` event, so it does not tell of a run that can be reported."
        case .noRuns:
            "A report needs at least one run, none was given."
        case .malformedTemplate(let reason):
            "The report's page template does not parse: \(reason)."
        case .cannotServe(let port, let reason):
            "The report cannot be served on port \(port) of this machine: \(reason); another --serve=PORT may be free."
        }
    }
}

/// Writes a file whole or not at all.
func writeWhole(_ data: Data, to path: String) throws(ReportingError) {
    do { try AtomicFile.write(data, to: path) } catch {
        guard case .unwritable(_, let reason) = error else { throw .cannotWrite(path: path, reason: "\(error)") }
        throw .cannotWrite(path: path, reason: reason)
    }
}

/// The operating system's words for what went wrong, where Foundation wraps them, without a trailing full stop.
func systemReason(_ error: any Error) -> String {
    var current = error as NSError
    while let inner = current.userInfo[NSUnderlyingErrorKey] as? any Error { current = inner as NSError }
    if current.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(current.code))) }
    let text = current.localizedDescription
    return text.hasSuffix(".") ? String(text.dropLast()) : text
}
