import Foundation

/// Writes a file whole or not at all, under a temporary name that is always the same: what a killed program leaves is
/// cleared away by the next.
func writeFile(_ data: Data, to file: URL) throws(TokenizerError) {
    let temporary = file.appendingPathExtension("partial").path
    func failure() -> TokenizerError { .unwritable(file: file.path, reason: String(cString: strerror(errno))) }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure() }
    do {
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: data)
        try handle.synchronize()
    } catch {
        unlink(temporary)
        throw .unwritable(file: file.path, reason: error.localizedDescription)
    }
    guard rename(temporary, file.path) == 0 else { throw failure() }
}
