import Checkpoints
import Foundation

/// The folder of one run: `recipe.yaml`, `metrics.jsonl`, checkpoints `step-N` and, once it is complete, `summary.json`.
public struct RunFolder: Sendable, Equatable {
    public let path: String

    public init(path: String) { self.path = path }

    /// Makes the folder and its parents. Of two processes that try, one succeeds; one that was killed before it wrote its
    /// recipe has not taken the name.
    public static func create(_ path: String) throws(TrainingError) -> RunFolder {
        let manager = FileManager.default
        do {
            try manager.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw .folderUnwritable(path: path, reason: Self.reason(error))
        }
        guard mkdir(path, 0o755) == 0 else {
            guard errno == EEXIST else {
                throw .folderUnwritable(path: path, reason: String(cString: strerror(errno)))
            }
            // Looked at after the attempt: before it another process may make the folder in between.
            let names = try? manager.contentsOfDirectory(atPath: path)
            guard names?.allSatisfy({ beginnings.contains($0) }) == true else { throw .folderExists(path: path) }
            return RunFolder(path: path)
        }
        do { try AtomicFile.synchronizeFolder(of: path) } catch {
            throw .folderUnwritable(path: path, reason: "\(error)")
        }
        return RunFolder(path: path)
    }

    /// What lies in a folder before its recipe.
    private static let beginnings: Set<String> = ["lock", "recipe.yaml.partial"]

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
            return try JSONDecoder.tolerant.decode(RunSummary.self, from: data)
        } catch {
            throw CheckpointError.malformed(
                file: summary, found: "something else", expected: "the summary of a run in JSON")
        }
    }

    func write(_ outcome: RunSummary) throws {
        let encoder = JSONEncoder.tolerant
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(encoder.encode(outcome), to: summary)
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
        return underlying.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)"
    }
}

// JSON has no infinity: a run whose learner came to nothing has to be written down all the same.

extension JSONEncoder {
    static var tolerant: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}

extension JSONDecoder {
    static var tolerant: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}
