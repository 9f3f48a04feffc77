import Crypto
import Foundation

/// A checkpoint: a folder `step-N` whose files are listed with their SHA-256 in `manifest.json`.
///
/// It is filled under a temporary name and renamed when complete, so a folder that bears its final name is whole.
public struct CheckpointFolder: Sendable, Equatable {
    public let path: String
    public let step: Int

    public init(path: String, step: Int) { (self.path, self.step) = (path, step) }

    static let manifest = "manifest.json"

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a checkpoint of `step` under the run folder; `body` fills the folder it is given.
    public static func write(
        step: Int, in runFolder: String, _ body: (_ folder: String) throws -> Void
    ) throws -> CheckpointFolder {
        let final = CheckpointFolder(path: "\(runFolder)/step-\(step)", step: step)
        do {
            try AtomicFolder.write(to: final.path, isReplacing: true) { folder in
                try body(folder)
                var sums: [String: String] = [:]
                for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
                    sums[name] = try sha256("\(folder)/\(name)")
                }
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
                try AtomicFile.write(encoder.encode(sums), to: "\(folder)/\(manifest)")
            }
        } catch {
            throw error is CheckpointError ? error : CheckpointError.unwritable(file: final.path, reason: "\(error)")
        }
        return final
    }

    /// Every checkpoint of a run, the newest first.
    public static func all(in runFolder: String) -> [CheckpointFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: runFolder)) ?? []
        return names.compactMap { name -> CheckpointFolder? in
            guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)) else { return nil }
            return CheckpointFolder(path: "\(runFolder)/\(name)", step: step)
        }.sorted { $0.step > $1.step }
    }

    /// Checks every file against the manifest, which may name none but files beside it.
    public func verify() throws(CheckpointError) {
        let listing = file(Self.manifest)
        guard let data = FileManager.default.contents(atPath: listing) else {
            throw .unreadable(file: listing, reason: "it is missing, so the checkpoint is incomplete")
        }
        guard let sums = try? JSONDecoder().decode([String: String].self, from: data) else {
            throw .malformed(
                file: listing, found: "something else", expected: "a JSON object of file names and SHA-256 sums")
        }
        guard !sums.isEmpty else {
            throw .malformed(file: listing, found: "no file", expected: "those of the checkpoint")
        }
        for (name, expected) in sums.sorted(by: { $0.key < $1.key }) {
            guard ShardedSafetensors.isPlain(name) else {
                throw .malformed(file: listing, found: "the file \(name)", expected: "the name of a file beside it")
            }
            let found = try Self.sha256(file(name))
            guard found == expected else { throw .checksum(file: file(name), found: found, expected: expected) }
        }
    }

    /// Removes the checkpoints of a run beyond the newest `count` up to this one, which was just written and stays. Later
    /// ones are of a past that the run went back behind, since they were damaged; they go too.
    ///
    /// - Parameter isLasting: whether a checkpoint is one of the `count`; one that is not goes as soon as there is a newer.
    public func keepNewest(
        _ count: Int, lasting isLasting: (CheckpointFolder) -> Bool = { _ in true }
    ) throws(CheckpointError) {
        let all = Self.all(in: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        for abandoned in all where abandoned.step > step { try AtomicFolder.remove(abandoned.path) }
        let older = all.filter { $0.step < step }
        let kept = older.filter(isLasting).prefix(max(1, count) - (isLasting(self) ? 1 : 0))
        for old in older where !kept.contains(old) { try AtomicFolder.remove(old.path) }
    }

    /// The newest checkpoint of a run whose files are what its manifest says; nil where there is no checkpoint at all.
    ///
    /// - Parameters:
    ///   - isWanted: whether a checkpoint is looked at.
    ///   - damage: is told of each one that is passed over.
    /// - Throws: the newest one's damage, where none is intact.
    public static func newestIntact(
        in runFolder: String, where isWanted: (CheckpointFolder) -> Bool = { _ in true },
        damage: (CheckpointError) -> Void
    ) throws(CheckpointError) -> CheckpointFolder? {
        var first: CheckpointError?
        for checkpoint in all(in: runFolder) where isWanted(checkpoint) {
            do throws(CheckpointError) {
                try checkpoint.verify()
                return checkpoint
            } catch {
                damage(error)
                first = first ?? error
            }
        }
        if let first { throw first }
        return nil
    }

    private static func sha256(_ path: String) throws(CheckpointError) -> String {
        var hash = SHA256()
        let file = try MappedFile(path)
        withExtendedLifetime(file) { hash.update(bufferPointer: file.bytes) }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
