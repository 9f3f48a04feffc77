import Foundation
import Reporting

extension OutputOptions {
    /// A line that counts up, where somebody can see it and wants to.
    func progress(_ what: String) -> (Int, Int) -> Void {
        guard !isSilent, isatty(STDERR_FILENO) == 1 else { return { _, _ in } }
        return { done, count in
            StandardError.write("\r\(done) of \(count) \(what)\(done == count ? "\n" : "")")
        }
    }
}
