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
        let (temporary, descriptor) = try temporaryFile(for: path)
        // Not before the file has its final name: until then its lock keeps others from writing into it.
        defer { close(descriptor) }
        do {
            try body { data in try append(data, to: descriptor, path) }
            guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure(path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronizeFolder(of: path)
    }

    /// An empty file, locked: `path.partial`, or where somebody is writing that `path.2.partial` and so on. What a process
    /// had begun when it died is locked no longer, and begins anew.
    private static func temporaryFile(for path: String) throws(CheckpointError) -> (name: String, descriptor: Int32) {
        var number = 1
        while true {
            let name = number == 1 ? "\(path).partial" : "\(path).\(number).partial"
            let descriptor = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw failure(path) }
            // Any other failure is that of a file system without locks, where a file has to do as it is.
            let isTaken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
            if !isTaken && isNamed(descriptor, name) {
                // A device has no length to be cut.
                if ftruncate(descriptor, 0) == 0 || errno == EINVAL { return (name, descriptor) }
                let error = failure(path)
                close(descriptor)
                throw error
            }
            close(descriptor)
            number += isTaken ? 1 : 0
        }
    }

    /// Whether an open file still has a name, which a writer that has just ended took away.
    private static func isNamed(_ descriptor: Int32, _ name: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && stat(name, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
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
