import Foundation

/// One run of a program whose output and time are bounded.
///
/// It is spawned directly: Foundation's `Process` leaves a socket of its own open in the child.
struct ChildProcess {
    enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        /// It wrote more than was allowed.
        case outputExceeded
    }

    var executable: String
    var arguments: [String]
    var environment: [String: String]

    /// Runs to the end, or kills it at the time limit or when its output grows too long.
    ///
    /// - Returns: how it ended and what it wrote to both of its outputs, in one.
    func run(for limit: Duration, outputLimit: Int) throws(EvaluationError) -> (ending: Ending, output: Data) {
        let deadline = ContinuousClock.now + limit
        let (process, descriptor) = try spawn()
        let (stopped, output) = Self.read(descriptor, until: deadline, atMost: outputLimit)
        close(descriptor)
        if stopped != nil { kill(-process, SIGKILL) }
        return (try Self.ending(of: process, until: deadline, stopped), output)
    }

    /// Starts the process as the leader of a group, with no open file but the standard ones.
    ///
    /// - Returns: its number and what to read its output from.
    private func spawn() throws(EvaluationError) -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw failure(errno) }
        defer { close(ends[1]) }
        var settings = SpawnSettings(output: ends[1])
        defer { settings.destroy() }
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, executable, &settings.actions, &settings.attributes, &words, &variables)
        guard status == 0 else {
            close(ends[0])
            throw failure(status)
        }
        return (process, ends[0])
    }

    private func failure(_ code: Int32) -> EvaluationError {
        .launchFailed(program: executable, reason: String(cString: strerror(code)))
    }

    /// Reads up to the end of the file; tells what it was that came first otherwise.
    private static func read(
        _ descriptor: Int32, until deadline: ContinuousClock.Instant, atMost limit: Int
    ) -> (Ending?, Data) {
        var output = Data()
        var block = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return (.timedOut, output) }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            guard poll(&request, 1, Int32(clamping: milliseconds + 1)) > 0 else { continue }
            let count = Foundation.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (nil, output) }
            output.append(contentsOf: block[..<count])
            guard output.count <= limit else { return (.outputExceeded, output.prefix(limit)) }
        }
    }

    /// Waits for the end, which may come after the output's.
    private static func ending(
        of process: pid_t, until deadline: ContinuousClock.Instant, _ stopped: Ending?
    ) throws(EvaluationError) -> Ending {
        var (stopped, status) = (stopped, Int32(0))
        while true {
            let waited = waitpid(process, &status, stopped == nil ? WNOHANG : 0)
            if waited == process { break }
            guard waited == 0 || errno == EINTR else {
                throw .launchFailed(program: "process \(process)", reason: String(cString: strerror(errno)))
            }
            if stopped == nil, ContinuousClock.now > deadline {
                stopped = .timedOut
                kill(-process, SIGKILL)
            } else if waited == 0 {
                usleep(1000)
            }
        }
        let signal = status & 0x7f
        return stopped ?? (signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal))
    }
}

/// What a child process starts with.
private struct SpawnSettings {
    #if canImport(Darwin)
        var (actions, attributes): (posix_spawn_file_actions_t?, posix_spawnattr_t?)
    #else
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
    #endif

    /// Nothing to read, one file to write to, and no other.
    init(output: Int32) {
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for number in 1...2 { posix_spawn_file_actions_adddup2(&actions, output, Int32(number)) }
        posix_spawnattr_init(&attributes)
        var flags = Int32(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF)
        #if canImport(Darwin)
            flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
            for other in open.compactMap(Int32.init) where other > 2 {
                posix_spawn_file_actions_addclose(&actions, other)
            }
        #endif
        // Signals that this process ignores end the child all the same.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    mutating func destroy() {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
}
