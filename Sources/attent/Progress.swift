import Foundation

extension OutputOptions {
    /// A line that counts up, where somebody can see it and wants to.
    func progress(_ what: String) -> (Int, Int) -> Void {
        guard !isSilent, isatty(STDERR_FILENO) == 1 else { return { _, _ in } }
        return { done, count in
            FileHandle.standardError.write(Data("\r\(done) of \(count) \(what)\(done == count ? "\n" : "")".utf8))
        }
    }
}
