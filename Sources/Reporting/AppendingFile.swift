import Foundation

/// A file that grows at its end; every write reaches the system at once, so a killed run loses at most a torn record.
final class AppendingFile {
    let path: String
    private let handle: FileHandle

    /// Creates the file, or empties the one that is there.
    init(creating path: String) throws(ReportingError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        self.path = path
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Opens the file that is there, or creates one, keeping its first `length` bytes.
    init(keeping length: UInt64, of path: String) throws(ReportingError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        self.path = path
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.truncate(atOffset: length)
            try handle.seekToEnd()
        } catch {
            throw .cannotWrite(path: path, reason: systemReason(error))
        }
    }

    /// Makes what was appended outlast a power cut.
    func synchronize() throws(ReportingError) {
        do { try handle.synchronize() } catch {
            throw .cannotWrite(path: path, reason: systemReason(error))
        }
    }

    func append(_ bytes: some DataProtocol) throws(ReportingError) {
        do {
            try handle.write(contentsOf: bytes)
        } catch {
            throw .cannotWrite(path: path, reason: systemReason(error))
        }
    }
}
