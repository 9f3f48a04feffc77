/// Where a process stands among those of its job, as launchers tell it: torchrun, Slurm, MPI, Kubernetes or a script.
public struct RankEnvironment: Sendable, Equatable {
    /// `RANK`, from 0.
    public var rank: Int
    /// `LOCAL_RANK`: the same among the processes of this machine.
    public var localRank: Int
    /// `WORLD_SIZE`.
    public var rankCount: Int
    /// `MASTER_ADDR` and `MASTER_PORT`: where the ranks find each other.
    public var host: String
    public var port: Int
    /// `ATTENT_TIMEOUT`: seconds that a rank waits for the others.
    public var timeout = 600.0
    /// Whether rank 0 hosts the store; a launcher may do so itself.
    public var hostsStore = true
    /// How often the launcher has started the job anew.
    public var restartCount = 0

    /// - Returns: nil for a job of one process, which neither `WORLD_SIZE` nor `RANK` says is more.
    /// - Throws: ``RankError/variable(name:found:expected:)`` for what is absent or out of range.
    public init?(_ variables: [String: String]) throws(RankError) {
        guard variables["WORLD_SIZE"] != nil || variables["RANK"] != nil else { return nil }
        func number(_ name: String, _ range: ClosedRange<Int>, _ expected: String) throws(RankError) -> Int {
            guard let text = variables[name] else {
                throw .variable(name: name, found: "absent", expected: expected)
            }
            guard let value = Int(text), range.contains(value) else {
                throw .variable(name: name, found: text, expected: expected)
            }
            return value
        }
        rankCount = try number("WORLD_SIZE", 1...1_000_000, "the number of ranks")
        rank = try number("RANK", 0...rankCount - 1, "a rank from 0 to \(rankCount - 1), below WORLD_SIZE")
        guard rankCount > 1 else { return nil }
        localRank =
            variables["LOCAL_RANK"] == nil
            ? rank : try number("LOCAL_RANK", 0...rankCount - 1, "a number from 0 to \(rankCount - 1)")
        guard let host = variables["MASTER_ADDR"], !host.isEmpty else {
            throw .variable(
                name: "MASTER_ADDR", found: "absent", expected: "rank 0's address, since WORLD_SIZE is \(rankCount)")
        }
        self.host = host
        port = try number("MASTER_PORT", 1...65535, "the port of rank 0's store, 1 to 65535")
        if variables["ATTENT_TIMEOUT"] != nil {
            timeout = Double(try number("ATTENT_TIMEOUT", 1...1_000_000, "seconds, at least 1"))
        }
        hostsStore = variables["TORCHELASTIC_USE_AGENT_STORE"] != "True" && rank == 0
        if variables["TORCHELASTIC_RESTART_COUNT"] != nil {
            restartCount = try number("TORCHELASTIC_RESTART_COUNT", 0...1_000_000, "a number from 0")
        }
    }
}

/// What keeps ranks from working together.
public enum RankError: Error, Equatable, CustomStringConvertible {
    case variable(name: String, found: String, expected: String)
    case portInUse(port: Int)
    case noStore(host: String, port: Int, seconds: Double)
    case incomplete(rankCount: Int, seconds: Double, reason: String)
    case mismatch(what: String, rank: String, found: String, first: String)
    case unsupported(what: String, found: String, expected: String)
    /// A sentence on which all ranks agree.
    case ended(String)

    public var description: String {
        switch self {
        case .variable(let name, let found, let expected):
            "the environment variable \(name) is \(found), expected \(expected)"
        case .portInUse(let port):
            "the port \(port) of MASTER_PORT is in use on this machine, expected a free one for the ranks' store"
        case .noStore(let host, let port, let seconds):
            "no store answers at \(host):\(port) of MASTER_ADDR and MASTER_PORT within \(Int(seconds)) s, expected rank 0's"
        case .incomplete(let count, let seconds, let reason):
            "not all \(count) ranks came together within \(Int(seconds)) s: \(reason)"
        case .mismatch(let what, let rank, let found, let first):
            "\(what) of \(rank) is \(found), expected \(first), that of rank 0"
        case .unsupported(let what, let found, let expected):
            "\(what) is \(found), expected \(expected) in a run of several ranks"
        case .ended(let sentence): sentence
        }
    }
}
