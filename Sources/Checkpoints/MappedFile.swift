import Foundation

/// A file mapped into memory, never changed itself; pages are loaded as they are touched.
public final class MappedFile: Sendable {
    public let path: String
    /// Valid as long as this object lives: see `withExtendedLifetime`.
    // The mapping is private: what a tensor over it were to write would stay in this process, on a copied page.
    nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer

    public init(_ path: String) throws(CheckpointError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: path, reason: "it is not a regular file")
        }
        let size = Int(information.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let protection = PROT_READ | PROT_WRITE
        guard let address = mmap(nil, size, protection, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0),
            address != MAP_FAILED
        else {
            throw .unreadable(file: path, reason: String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    }
}
