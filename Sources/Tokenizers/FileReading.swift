import Foundation

/// The bytes of `file`, memory-mapped where the system allows it.
func readFile(_ file: URL) throws(TokenizerError) -> Data {
    do { return try Data(contentsOf: file, options: .mappedIfSafe) } catch {
        throw .unreadable(file: file.path, reason: reason(of: error))
    }
}

private func reason(of error: any Error) -> String {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile?: "no such file"
    case .fileReadNoPermission?: "permission denied"
    default: error.localizedDescription
    }
}
