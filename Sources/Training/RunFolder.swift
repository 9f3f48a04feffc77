import Checkpoints
import Foundation

/// The folder of one run: `recipe.yaml`, `metrics.jsonl`, checkpoints `step-N` and, once it is complete, `summary.json`.
public struct RunFolder: Sendable, Equatable {
    public let path: String

    public init(path: String) { self.path = path }

    /// Makes the folder and its parents.
    public static func create(_ path: String) throws(TrainingError) -> RunFolder {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: path) else { throw .folderExists(path: path) }
        do {
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .folderUnwritable(path: path, reason: Self.reason(error))
        }
        return RunFolder(path: path)
    }

    /// A folder that a run has already been started in.
    public static func open(_ path: String) throws(TrainingError) -> RunFolder {
        let folder = RunFolder(path: path)
        guard FileManager.default.fileExists(atPath: folder.recipe) else {
            throw .notARun(path: path, reason: "it holds no recipe.yaml")
        }
        return folder
    }

    public var recipe: String { "\(path)/recipe.yaml" }
    public var metrics: String { "\(path)/metrics.jsonl" }
    public var report: String { "\(path)/report.html" }
    public var summary: String { "\(path)/summary.json" }

    /// The outcome of a complete run.
    public func readSummary() throws -> RunSummary? {
        guard let data = FileManager.default.contents(atPath: summary) else { return nil }
        do {
            return try JSONDecoder().decode(RunSummary.self, from: data)
        } catch {
            throw CheckpointError.malformed(
                file: summary, found: "something else", expected: "the summary of a run in JSON")
        }
    }

    func write(_ outcome: RunSummary) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(encoder.encode(outcome), to: summary)
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
        return underlying.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)"
    }
}
