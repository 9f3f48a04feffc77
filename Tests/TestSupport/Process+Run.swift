import Foundation

extension Process {
    /// Starts the program and waits for its end.
    ///
    /// - Returns: its status, and what it said on standard error.
    public func runToEnd() throws -> (status: Int32, error: String) {
        let error = Pipe()
        (standardError, standardOutput) = (error, FileHandle.nullDevice)
        try run()
        let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        waitUntilExit()
        return (terminationStatus, text)
    }
}
