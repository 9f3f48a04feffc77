import Foundation

/// Runs Python programs that nobody has read, apart from this machine.
///
/// A program sees the system's libraries read-only, an empty `/tmp` of its own, no network, no other process, no `/proc`,
/// no home and none of the caller's environment or open files; its time, memory, files and processes are limited. Linux
/// namespaces do this. They share the kernel with everything else: a hole in it is a hole in the sandbox.
public struct Sandbox: Sendable {
    /// What one program may use.
    public struct Limits: Sendable, Equatable {
        /// From start to end.
        public var time: Duration = .seconds(10)
        /// Seconds of processor time of each process.
        public var processorSeconds = 10
        /// Bytes of address space of each process.
        public var memory = 512 << 20
        /// Bytes of one file.
        public var fileSize = 16 << 20
        /// Bytes of all files together.
        public var storage = 32 << 20
        /// Processes and threads at a time.
        public var processes = 16
        /// Bytes written to the standard outputs.
        public var output = 1 << 20

        public init() {}
    }

    public enum Isolation: Sendable, Equatable {
        /// bubblewrap, at a path.
        case bubblewrap(String)
        /// Namespaces that `unshare` makes.
        case namespaces
        /// None at all but the limits that `prlimit` sets.
        case none
    }

    /// How a program ended.
    public enum Outcome: Sendable, Equatable {
        /// It came to its last line.
        case finished
        case failed(String)
    }

    public let isolation: Isolation
    public var limits: Limits
    let python: String

    /// - Throws: ``EvaluationError`` where a trial program does not run in it.
    public init(_ isolation: Isolation, limits: Limits = Limits()) throws(EvaluationError) {
        guard let python = Self.tool("python3") else {
            throw .noSandbox(reason: "there is no python3 in \(Self.folders.joined(separator: ", "))")
        }
        (self.isolation, self.limits, self.python) = (isolation, limits, python)
        let outcome = try run(python: "assert 6 * 7 == 42")
        guard outcome == .finished else { throw .noSandbox(reason: "a trial in \(isolation) \(outcome)") }
    }

    /// The first that works of bubblewrap and `unshare`.
    ///
    /// - Parameter isUnsafeAllowed: whether to run without any where neither does.
    public static func available(
        limits: Limits = Limits(), isUnsafeAllowed: Bool = false
    ) throws(EvaluationError) -> Sandbox {
        var reasons: [String] = []
        let kinds: [Isolation] = (tool("bwrap").map { [.bubblewrap($0)] } ?? []) + [.namespaces]
        for kind in kinds {
            do { return try Sandbox(kind, limits: limits) } catch {
                guard case .noSandbox(let reason) = error else { throw error }
                reasons.append(reason)
            }
        }
        guard isUnsafeAllowed else { throw .noSandbox(reason: reasons.joined(separator: "; ")) }
        return try Sandbox(.none, limits: limits)
    }

    /// Runs a program to its end.
    public func run(python program: String) throws(EvaluationError) -> Outcome {
        // A program that leaves early, whatever its exit status says, does not come to the line that prints this.
        let proof = UUID().uuidString
        let scratch = try Scratch(program: "\(program)\nprint(\"\\n\(proof)\", flush=True)\n")
        defer { scratch.remove() }
        let child = command(scratch)
        let (ending, output) = try child.run(for: limits.time, outputLimit: limits.output)
        switch ending {
        case .timedOut: return .failed("was still running after \(limits.time)")
        case .outputExceeded: return .failed("wrote more than \(limits.output) bytes")
        case .signalled(let signal): return .failed("was ended by signal \(signal)")
        case .exited(let status):
            let text = String(decoding: output, as: UTF8.self)
            if status == 0, text.hasSuffix("\n\(proof)\n") { return .finished }
            let last = text.split(separator: "\n").last { !$0.contains(proof) }
            return .failed("ended with status \(status)" + (last.map { ": \($0.prefix(200))" } ?? ""))
        }
    }

    private static let folders = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/bin", "/sbin"]

    /// Where a program lies among the system's own.
    static func tool(_ name: String) -> String? {
        folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// A folder with one program in it.
struct Scratch {
    let folder: String
    var program: String { "\(folder)/program.py" }
    /// An empty folder for a file system to be mounted on.
    var root: String { "\(folder)/root" }

    init(program: String) throws(EvaluationError) {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("attent-\(UUID().uuidString)").path
        do {
            // Others may read it: the program runs as somebody else.
            let manager = FileManager.default
            try manager.createDirectory(atPath: "\(folder)/root", withIntermediateDirectories: true)
            try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            try Data(program.utf8).write(to: URL(fileURLWithPath: "\(folder)/program.py"))
            try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder)/program.py")
        } catch {
            throw .launchFailed(program: folder, reason: (error as NSError).localizedDescription)
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
