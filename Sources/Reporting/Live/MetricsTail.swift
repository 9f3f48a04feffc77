import Foundation
import Training

/// Follows a log that grows, reading only what is new. A log that was cut, because its run was resumed, is read anew.
struct MetricsTail {
    let path: String
    private(set) var recorder = RunRecorder()
    /// Bytes read, up to the last line feed.
    private(set) var offset = 0
    /// The last lines read, by whose times and losses a log that was cut and has grown again is known.
    private var trail = Data()
    private var lineCount = 0

    init(path: String) { self.path = path }

    /// Takes up what has been written since; a file that is not there yet is empty.
    mutating func update() throws(ReportingError) {
        guard let handle = FileHandle(forReadingAtPath: path) else { return }
        defer { try? handle.close() }
        do {
            if try !isContinued(handle) { self = MetricsTail(path: path) }
            try handle.seek(toOffset: UInt64(offset))
            try take(handle.readToEnd() ?? Data())
        } catch let error as ReportingError {
            throw error
        } catch {
            throw .cannotRead(path: path, reason: systemReason(error))
        }
    }

    private func isContinued(_ handle: FileHandle) throws -> Bool {
        guard offset > 0 else { return true }
        try handle.seek(toOffset: UInt64(offset - trail.count))
        return try handle.read(upToCount: trail.count) == trail
    }

    private mutating func take(_ bytes: Data) throws(ReportingError) {
        guard let feed = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return }
        let whole = bytes[...feed]
        for line in whole.split(separator: UInt8(ascii: "\n")) {
            lineCount += 1
            recorder.observe(try MetricsReader.event(line, path: path, line: lineCount))
        }
        offset += whole.count
        trail = Data(whole.suffix(4096))
    }
}
