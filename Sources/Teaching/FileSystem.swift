#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files in streams, and whole or not at all.
enum FileSystem {
    /// Writes a file under another name, puts it in place once it is safely on disk, and leaves nothing behind where
    /// that fails: at any moment, and after any crash, the path holds the old file or the new one.
    ///
    /// - Parameter body: gets a function that appends bytes.
    static func replace(
        _ path: String, _ body: ((UnsafeRawBufferPointer) throws(TeachingError) -> Void) throws(TeachingError) -> Void
    ) throws(TeachingError) {
        let temporary = "\(path).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw unwritable(path) }
        do throws(TeachingError) {
            defer { close(descriptor) }
            try body { (bytes) throws(TeachingError) in try append(bytes, to: descriptor, of: path) }
            guard fsync(descriptor) == 0 else { throw unwritable(path) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let error = unwritable(path)
            unlink(temporary)
            throw error
        }
        try synchronizeFolder(of: path)
    }

    /// Reads a file in order.
    ///
    /// - Parameter body: gets the file's size and a function that fills a buffer with the next bytes.
    static func read<Result>(
        _ path: String,
        _ body: (Int, @escaping (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void) throws(TeachingError)
            -> Result
    ) throws(TeachingError) -> Result {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw unreadable(path) }
        return try body(Int(size)) { (buffer) throws(TeachingError) in
            try fill(buffer, from: descriptor, of: path)
        }
    }

    static func append(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, of path: String
    ) throws(TeachingError) {
        var offset = 0
        while offset < bytes.count {
            let written = write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw unwritable(path) }
            offset += written
        }
    }

    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, of path: String
    ) throws(TeachingError) {
        var offset = 0
        while offset < buffer.count {
            let count = readBytes(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path) }
            guard count > 0 else {
                throw .corruptState(found: "\(path) cut short while it was read", expected: "an unchanged file")
            }
            offset += count
        }
    }

    /// Makes a rename durable.
    private static func synchronizeFolder(of path: String) throws(TeachingError) {
        let end = path.lastIndex(of: "/")
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw unwritable(folder) }
    }

    /// The last failure of the system, as an error.
    static func unwritable(_ path: String) -> TeachingError {
        .unwritable(path: path, reason: String(cString: strerror(errno)))
    }

    private static func unreadable(_ path: String) -> TeachingError {
        .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
}

/// The system's `read`, which a method of that name hides.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
