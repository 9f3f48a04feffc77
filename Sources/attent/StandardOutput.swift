import ArgumentParser
import Foundation

/// Standard output without a buffer: what was written can be read at once, and what cannot be written is an error.
enum StandardOutput {
    struct Failure: Error, CustomStringConvertible {
        var reason: String

        var description: String { "standard output cannot be written: \(reason)" }
    }

    /// - Throws: where a pipe's reader has gone, no sentence but the status that shells expect then.
    static func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            let reason = errno
            guard count >= 0 || reason == EINTR else {
                if reason == EPIPE { throw ExitCode(128 + SIGPIPE) }
                throw Failure(reason: String(cString: strerror(reason)))
            }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
