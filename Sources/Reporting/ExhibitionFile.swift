import Checkpoints
import Foundation
import Training

/// Keeps a run's latest ``Training/Exhibition`` as `examples.json` in its folder, for reports made later.
public final class ExhibitionFile: RunObserver {
    private let path: String

    public init(folder: String) { path = Self.path(in: folder) }

    private static func path(in folder: String) -> String { "\(folder)/examples.json" }

    public func observe(_ event: TrainingEvent) throws {
        guard case .exhibited(let exhibition) = event else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(encoder.encode(exhibition), to: path)
    }

    /// What a run's folder holds; nil where it holds none, as those of earlier versions.
    ///
    /// - Throws: ``ReportingError/cannotRead(path:reason:)`` for a file that is something else.
    public static func read(in folder: String) throws(ReportingError) -> Exhibition? {
        guard let data = FileManager.default.contents(atPath: path(in: folder)) else { return nil }
        do {
            return try JSONDecoder().decode(Exhibition.self, from: data)
        } catch {
            throw .cannotRead(path: path(in: folder), reason: "it does not hold the examples of a run in JSON")
        }
    }
}
