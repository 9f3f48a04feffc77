#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory of its own: from the heap, or a nameless file mapped into memory.
///
/// Whoever changes it has to hold the only reference.
final class Region: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    private let folder: String?

    private static let chunk = 1 << 20

    /// - Parameter fill: gets all bytes in order, in one or more stretches of whole 8-byte words but for the last.
    init(
        byteCount: Int, folder: String?, fill: (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void
    ) throws(TeachingError) {
        self.byteCount = byteCount
        guard let folder, byteCount > 0 else {
            self.folder = nil
            base = Self.allocate(byteCount)
            // Where this throws, the memory is given back by deinit, as everything is initialised.
            try fill(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
            return
        }
        self.folder = folder
        base = try Self.map(byteCount, folder: folder, fill: fill)
    }

    init(copy original: Region) {
        byteCount = original.byteCount
        var offset = 0
        if let folder = original.folder,
            let copy = try? Self.map(
                byteCount, folder: folder,
                fill: { chunk in
                    chunk.copyMemory(from: UnsafeRawBufferPointer(start: original.base + offset, count: chunk.count))
                    offset += chunk.count
                })
        {
            self.folder = folder
            base = copy
            return
        }
        folder = nil
        base = Self.allocate(byteCount)
        base.copyMemory(from: original.base, byteCount: byteCount)
    }

    deinit {
        if folder == nil { base.deallocate() } else { munmap(base, byteCount) }
    }

    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        .allocate(byteCount: byteCount, alignment: 16)
    }

    /// Maps a new file. Its bytes are written rather than left as a hole, so that a full disk is an error here and not
    /// a signal at some later change.
    private static func map(
        _ byteCount: Int, folder: String, fill: (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void
    ) throws(TeachingError) -> UnsafeMutableRawPointer {
        var path = Array("\(folder)/teacher-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { throw FileSystem.unwritable(folder) }
        defer { close(descriptor) }
        unlink(path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(chunk, byteCount), alignment: 16)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < byteCount {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(byteCount - offset))
            try fill(part)
            try FileSystem.append(UnsafeRawBufferPointer(part), to: descriptor, of: folder)
            offset += part.count
        }
        let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        // Failure is the address -1, in C a macro that Swift does not see.
        guard let address, address != UnsafeMutableRawPointer(bitPattern: -1) else {
            throw FileSystem.unwritable(folder)
        }
        return address
    }
}
