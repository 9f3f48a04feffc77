import Foundation

/// One process a run folder: an advisory lock on the file `lock` in it, which holds the process's number.
///
/// The system lets go of the lock when its process ends, however that happens, so a dead process never locks anybody out.
public final class RunLock: Sendable {
    public let path: String
    /// A process that locked the folder before and ended without letting go of it.
    public let deadProcess: Int32?
    private let descriptor: Int32

    /// - Throws: ``TrainingError/inUse(path:process:)`` where another process has the lock.
    public init(_ folder: String) throws(TrainingError) {
        path = "\(folder)/lock"
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw .folderUnwritable(path: folder, reason: String(cString: strerror(errno)))
            }
            let isFree = flock(descriptor, LOCK_EX | LOCK_NB) == 0
            let reason = errno
            // A holder that ends removes the file: what was locked then is not what the next process finds.
            if isFree && !Self.isSame(descriptor, path) {
                close(descriptor)
                continue
            }
            let process = Self.process(descriptor)
            guard isFree else {
                close(descriptor)
                guard reason == EWOULDBLOCK else {
                    throw .folderUnwritable(path: folder, reason: String(cString: strerror(reason)))
                }
                throw .inUse(path: folder, process: process)
            }
            (self.descriptor, deadProcess) = (descriptor, process)
            break
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            throw .folderUnwritable(path: folder, reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var (open, named) = (stat(), stat())
        return fstat(descriptor, &open) == 0 && stat(path, &named) == 0 && open.st_ino == named.st_ino
            && open.st_dev == named.st_dev
    }

    private static func process(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return Int32(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber))
    }
}
