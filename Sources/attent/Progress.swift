import Foundation

/// A line that counts up, where somebody can see it.
func showProgress(_ what: String) -> (Int, Int) -> Void {
    guard isatty(STDERR_FILENO) == 1 else { return { _, _ in } }
    return { done, count in
        FileHandle.standardError.write(Data("\r\(done) of \(count) \(what)\(done == count ? "\n" : "")".utf8))
    }
}
