import Foundation

/// Writes that either happen whole or not at all, also when the machine stops: temporary name, fsync, rename, fsync of the
/// folder.
public enum AtomicFile {
    public static func write(_ data: Data, to path: String) throws(CheckpointError) {
        do {
            try write(to: path) { append in try append(data) }
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .unwritable(file: path, reason: "\(error)")
        }
    }

    /// - Parameter body: gets a function that appends bytes to the file.
    public static func write(to path: String, _ body: ((Data) throws -> Void) throws -> Void) throws {
        let temporary = "\(path).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        do {
            defer { close(descriptor) }
            try body { data in try append(data, to: descriptor, path) }
            guard fsync(descriptor) == 0 else { throw failure(path) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        try synchronizeFolder(of: path)
    }

    /// Makes a rename in the folder of `path` durable.
    public static func synchronizeFolder(of path: String) throws(CheckpointError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder) }
    }

    private static func append(_ data: Data, to descriptor: Int32, _ path: String) throws(CheckpointError) {
        var offset = 0
        while offset < data.count {
            let written = data.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress! + offset, data.count - offset)
            }
            if written < 0 && errno == EINTR { continue }
            guard written >= 0 else { throw failure(path) }
            offset += written
        }
    }

    private static func failure(_ path: String) -> CheckpointError {
        .unwritable(file: path, reason: String(cString: strerror(errno)))
    }
}
