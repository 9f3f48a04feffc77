import Foundation

/// Folders that either appear whole or not at all: filled under a temporary name beside the final one, then renamed.
///
/// One that gives way is set aside first, under a third name, and goes when the new one is in place: a crash at any moment
/// leaves the old folder or the new one, under its name or where ``recover(in:)`` finds it.
public enum AtomicFolder {
    /// Hidden names beside a folder's own, by what they mean to who finds them after a crash.
    enum Leftover: String, CaseIterable {
        /// Not filled yet.
        case partial
        /// The one before, complete.
        case replaced
        /// On its way out.
        case removed

        func path(of folder: String) -> String {
            let url = URL(fileURLWithPath: folder)
            return url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).\(rawValue)").path
        }
    }

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
        let temporary = Leftover.partial.path(of: path)
        try reporting(path) {
            if manager.fileExists(atPath: temporary) { try manager.removeItem(atPath: temporary) }
            try manager.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        }
        do {
            try body(temporary)
            try reporting(path) { try put(temporary, at: path) }
        } catch {
            try? manager.removeItem(atPath: temporary)
            throw error
        }
    }

    private static func put(_ temporary: String, at path: String) throws {
        let (manager, aside) = (FileManager.default, Leftover.replaced.path(of: path))
        guard manager.fileExists(atPath: path) else {
            try manager.moveItem(atPath: temporary, toPath: path)
            return try AtomicFile.synchronizeFolder(of: path)
        }
        if manager.fileExists(atPath: aside) { try manager.removeItem(atPath: aside) }
        try manager.moveItem(atPath: path, toPath: aside)
        do { try manager.moveItem(atPath: temporary, toPath: path) } catch {
            try? manager.moveItem(atPath: aside, toPath: path)
            throw error
        }
        try AtomicFile.synchronizeFolder(of: path)
        try manager.removeItem(atPath: aside)
    }

    /// Removes a folder such that no crash leaves half of it under its name.
    public static func remove(_ path: String) throws(CheckpointError) {
        let (manager, leaving) = (FileManager.default, Leftover.removed.path(of: path))
        try reporting(path) {
            if manager.fileExists(atPath: leaving) { try manager.removeItem(atPath: leaving) }
            try manager.moveItem(atPath: path, toPath: leaving)
            try manager.removeItem(atPath: leaving)
        }
    }

    /// Ends what a killed process began among the folders in `parent` whose names begin with `prefix`: what was set aside
    /// returns where nothing took its place, what is unfinished or was being removed goes.
    ///
    /// Nobody else may be writing there.
    public static func recover(in parent: String, prefix: String) throws(CheckpointError) {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: parent)) ?? []
        for name in names.sorted() where name.hasPrefix(".\(prefix)") {
            guard let leftover = Leftover.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") }) else { continue }
            let final = "\(parent)/\(name.dropFirst().dropLast(leftover.rawValue.count + 1))"
            try reporting(final) {
                if leftover == .replaced, !manager.fileExists(atPath: final) {
                    try manager.moveItem(atPath: "\(parent)/\(name)", toPath: final)
                } else {
                    try manager.removeItem(atPath: "\(parent)/\(name)")
                }
            }
        }
    }

    private static func reporting(_ path: String, _ body: () throws -> Void) throws(CheckpointError) {
        do { try body() } catch {
            if let error = error as? CheckpointError { throw error }
            throw .unwritable(file: path, reason: systemReason(error))
        }
    }
}

/// The operating system's words for what went wrong, where Foundation wraps them.
func systemReason(_ error: any Error) -> String {
    var current = error as NSError
    while let inner = current.userInfo[NSUnderlyingErrorKey] as? any Error { current = inner as NSError }
    return current.domain == NSPOSIXErrorDomain
        ? String(cString: strerror(Int32(truncatingIfNeeded: current.code))) : current.localizedDescription
}
