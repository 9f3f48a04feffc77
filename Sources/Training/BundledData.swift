import Foundation

/// Data that comes with the program.
public enum BundledData {
    /// scikit-learn's handwritten digits: where `scripts/bootstrap` puts them, beneath the current folder, or else where
    /// `make install` does, beside the program.
    public static let digits: String = {
        let built = ".native/data/digits.csv.gz"
        guard !FileManager.default.fileExists(atPath: built),
            let program = Bundle.main.executableURL?.resolvingSymlinksInPath()
        else { return built }
        // The program is in PREFIX/lib/attent.
        let prefix = program.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let installed = prefix.appending(path: "share/attent/digits.csv.gz").path
        return FileManager.default.fileExists(atPath: installed) ? installed : built
    }()
}
