import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Several `attent` as the ranks of one job on the loopback interface.
final class RankProcesses {
    let processes: [Process]
    private let errors: [String]
    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("attent")

    /// - Parameters:
    ///   - arguments: of each rank.
    ///   - variables: beside those of the job, or instead of them.
    ///   - folder: the current one of each rank; the repository's where nil.
    init(
        _ count: Int, port: Int? = nil, variables: [String: String] = [:], folder: ((Int) -> String)? = nil,
        _ arguments: (Int) -> [String]
    ) throws {
        let port = try port ?? freePort()
        var (processes, errors) = ([Process](), [String]())
        for rank in 0..<count {
            let process = Process()
            process.executableURL = Self.executable
            process.arguments = arguments(rank)
            let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            process.currentDirectoryURL = folder.map { URL(fileURLWithPath: $0(rank)) } ?? repository
            let job = [
                "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": "\(port)", "ATTENT_TIMEOUT": "60",
            ]
            process.environment = ProcessInfo.processInfo.environment.merging(job) { $1 }.merging(variables) { $1 }
            let error = temporaryPath()
            _ = FileManager.default.createFile(atPath: error, contents: nil)
            process.standardError = FileHandle(forWritingAtPath: error)
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            processes.append(process)
            errors.append(error)
        }
        (self.processes, self.errors) = (processes, errors)
    }

    deinit {
        for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        for error in errors { try? FileManager.default.removeItem(atPath: error) }
    }

    /// How each rank ended, and what it said.
    func wait() throws -> [(status: Int32, error: String)] {
        try processes.indices.map { rank in
            processes[rank].waitUntilExit()
            return (processes[rank].terminationStatus, try String(contentsOfFile: errors[rank], encoding: .utf8))
        }
    }

    /// A job of which a rank is sent a signal in the midst of a run.
    static func disturbed(
        _ count: Int, by number: Int32, rank: Int, atSteps steps: Range<Int>, of folder: String, _ arguments: [String]
    ) throws -> RankProcesses {
        try untilHeld(of: folder) {
            let job = try RankProcesses(count) { _ in arguments }
            let process = try hold({ job.processes[rank].processIdentifier }, atSteps: steps, of: folder)
            guard let process else {
                for process in job.processes { kill(process.processIdentifier, SIGKILL) }
                _ = try job.wait()
                return nil
            }
            kill(process, number)
            kill(process, SIGCONT)
            return job
        }
    }
}

/// Starts a job anew while it gets past the steps at which it should be held: a busy machine may leave the test without a
/// processor for so long.
func untilHeld<Job>(of folder: String, _ start: () throws -> Job?) throws -> Job {
    for _ in 0..<20 {
        if let job = try start() { return job }
        try? FileManager.default.removeItem(atPath: folder)
    }
    throw POSIXError(.ETIMEDOUT)
}

/// A port that nobody listens at just now.
func freePort() throws -> Int {
    let (descriptor, port) = listen()
    defer { close(descriptor) }
    guard port > 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return port
}

/// A socket that listens at a port of the loopback interface, and that port; 0 where there is none.
func listen() -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_ANY
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 1) == 0
                && getsockname(descriptor, $0, &length) == 0
        }
    }
    return (descriptor, isBound ? Int(UInt16(bigEndian: address.sin_port)) : 0)
}

/// Leaves one of a run's ranks stopped at one of these steps, so that the job, which waits for it, is as far as that and no
/// further until the process is killed or told to go on.
///
/// - Returns: nil where the run was beyond them when it was looked at next.
func hold(_ process: () throws -> Int32?, atSteps steps: Range<Int>, of folder: String) throws -> Int32? {
    let end = Date(timeIntervalSinceNow: 120)
    while Date() < end {
        if let process = try process() {
            kill(process, SIGSTOP)
            guard isStopped(process) else { return nil }
            let made = losses(in: folder).count
            if steps.contains(made) { return process }
            kill(process, SIGCONT)
            if made >= steps.upperBound { return nil }
        }
        Thread.sleep(forTimeInterval: 0.001)
    }
    return nil
}

/// Whether a process that was told to stop has done so, and not ended before.
private func isStopped(_ process: Int32) -> Bool {
    while let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) {
        // The state follows the name, which is in brackets.
        switch status.split(separator: ")").last?.first(where: { $0 != " " }) {
        case "T": return true
        case "Z", "X": return false
        default: Thread.sleep(forTimeInterval: 0.001)
        }
    }
    return false
}

/// The losses of a run's steps, in order.
func losses(in folder: String) -> [Double] {
    guard let text = try? String(contentsOfFile: "\(folder)/metrics.jsonl", encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap { line in
        let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return object?["train/loss"] as? Double
    }
}
