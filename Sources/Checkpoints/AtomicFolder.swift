import Foundation

/// Folders that either appear whole or not at all: filled under a temporary name beside the final one, then renamed.
public enum AtomicFolder {
    /// - Parameters:
    ///   - isReplacing: whether a folder that bears the name already gives way; it is an error otherwise.
    ///   - body: fills the folder it is given; what it throws is thrown on, with nothing left behind.
    public static func write(
        to path: String, isReplacing: Bool = false, _ body: (_ folder: String) throws -> Void
    ) throws {
        let manager = FileManager.default
        guard isReplacing || !manager.fileExists(atPath: path) else {
            throw CheckpointError.unwritable(file: path, reason: "it exists already, expected a new name")
        }
        let url = URL(fileURLWithPath: path)
        let temporary = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).partial").path
        try reporting(path) {
            if manager.fileExists(atPath: temporary) { try manager.removeItem(atPath: temporary) }
            try manager.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        }
        do {
            try body(temporary)
            try reporting(path) {
                if manager.fileExists(atPath: path) { try manager.removeItem(atPath: path) }
                try manager.moveItem(atPath: temporary, toPath: path)
            }
            try AtomicFile.synchronizeFolder(of: path)
        } catch {
            try? manager.removeItem(atPath: temporary)
            throw error
        }
    }

    private static func reporting(_ path: String, _ body: () throws -> Void) throws(CheckpointError) {
        do { try body() } catch {
            throw .unwritable(file: path, reason: (error as NSError).localizedDescription)
        }
    }
}
