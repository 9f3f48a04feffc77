import Foundation
import Synchronization
import Teaching
import Torch

/// The processes that train one learner together, as one of them sees them.
///
/// Where one of them is lost, what the others were waiting for throws the same sentence on all of them, which says who and
/// where (``RollCall``).
public final class Ranks: Reduction {
    public typealias Failure = any Error

    public let rank: Int
    public let rankCount: Int
    /// This rank's number among its machine's.
    public let localRank: Int
    /// How often the launcher has started the job anew.
    public let restartCount: Int
    /// Seconds within which a collective is done, or has failed.
    let timeout: Double
    /// A number on the device that the ranks' collectives run on; nil on CPUs (``settle()``).
    let mark = Mutex<Tensor?>(nil)
    /// Nil for one process, and once this rank has left.
    private let held = Mutex<ProcessGroup?>(nil)
    private let rollCall: RollCall?
    private let place = Mutex("before the first step")

    /// One process by itself.
    public static let alone = Ranks()

    private init() {
        (rank, rankCount, localRank, restartCount, timeout, rollCall) = (0, 1, 0, 0, 0, nil)
    }

    /// Waits for the other ranks.
    ///
    /// - Throws: ``RankError``, one sentence.
    public init(_ environment: RankEnvironment) throws {
        let timeout = environment.timeout
        let store = try Self.store(environment)
        let name = "attent/\(environment.restartCount)"
        do {
            let group = try ProcessGroup(
                store, name: name, rank: environment.rank, rankCount: environment.rankCount,
                address: Store.localAddress(reaching: environment.host, port: environment.port), timeout: timeout)
            (rank, rankCount, restartCount) = (environment.rank, environment.rankCount, environment.restartCount)
            (localRank, self.timeout) = (environment.localRank, timeout)
            rollCall = try RollCall(environment, store, name: name)
            held.withLock { $0 = group }
        } catch let error as TorchError {
            throw RankError.incomplete(
                rankCount: environment.rankCount, seconds: timeout, reason: Self.reason(error.message))
        }
    }

    /// The ranks of the launcher's environment; ``alone`` where it speaks of none.
    public static func launched(_ variables: [String: String] = ProcessInfo.processInfo.environment) throws -> Ranks {
        try RankEnvironment(variables).map(Ranks.init) ?? alone
    }

    public var isFirst: Bool { rank == 0 }
    var group: ProcessGroup? { held.withLock { $0 } }

    private static func store(_ environment: RankEnvironment) throws -> Store {
        let (host, port, timeout) = (environment.host, environment.port, environment.timeout)
        do {
            // Something else that listens there may never answer, for which c10d has no timeout.
            return try within(seconds: timeout + 2) {
                try Store(host: host, port: port, isHost: environment.hostsStore, timeout: timeout)
            }
        } catch {
            if let error = error as? TorchError, error.message.contains("EADDRINUSE") {
                throw RankError.portInUse(port: port)
            }
            throw RankError.noStore(host: host, port: port, seconds: timeout)
        }
    }

    /// What `body` returns on a thread of its own, which is left behind where it takes longer.
    static func within<Outcome: Sendable>(
        seconds: Double, _ body: @escaping @Sendable () throws -> Outcome
    ) throws -> Outcome {
        let shared = Late<Outcome>()
        let done = DispatchSemaphore(value: 0)
        Thread {
            let result = Result { try body() }
            shared.result.withLock { $0 = result }
            done.signal()
        }.start()
        guard done.wait(timeout: .now() + seconds) == .success, let result = shared.result.withLock({ $0 }) else {
            throw POSIXError(.ETIMEDOUT)
        }
        return try result.get()
    }

    /// What a message of libtorch's says, without the place in its sources that it begins with and advice that follows.
    static func reason(_ message: String) -> String {
        var text = message.split(separator: "\n").first.map(String.init) ?? message
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = text[text.index(after: end)...].trimmingCharacters(in: .whitespaces)
        }
        return text.range(of: ". ").map { String(text[..<$0.lowerBound]) } ?? text
    }

    // MARK: Collectives

    /// Says where this rank is, for the sentence about a lost one.
    func enter(_ place: String) { self.place.withLock { $0 = place } }

    /// Waits on the host for what a device does; throws where a rank is lost meanwhile.
    func watch(until isDone: () -> Bool) throws { try rollCall?.watch(until: isDone) }

    /// Runs a collective; where it fails, finds out who is missing.
    func together<Result>(_ body: (ProcessGroup) throws -> Result) throws -> Result? {
        guard rankCount > 1 else { return nil }
        guard let group else { throw RankError.ended("rank \(rank) has left the others already") }
        do {
            return try body(group)
        } catch let error as TorchError where error.kind == .outOfMemory {
            // No other rank is to blame, and who called knows what to lower.
            throw error
        } catch {
            let reason = Self.reason((error as? TorchError)?.message ?? "\(error)")
            // The device would wait for the lost rank for ever, and the process's end for the device.
            if mark.withLock({ $0 }) != nil { try? Self.within(seconds: 10) { try group.abort() } }
            throw rollCall?.verdict(at: place.withLock { $0 }, reason: reason) ?? error
        }
    }

    public func sum(_ values: [Int64]) throws -> [Int64] {
        try together { group in
            let tensor = try Tensor(values)
            try group.allReduce(tensor).wait()
            return try tensor.values(as: Int64.self)
        } ?? values
    }

    public func gather(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let counts = try gather([Double(bytes.count)], capacity: 1).map { Int($0[0]) }
        let capacity = max(1, counts.max() ?? 1)
        let parts = try together { group in
            let parts = try (0..<rankCount).map { _ in try Tensor.zeros([capacity], dtype: .uint8) }
            let padded = bytes + [UInt8](repeating: 0, count: capacity - bytes.count)
            try group.allGather(Tensor(padded), into: parts).wait()
            return try parts.map { try $0.bytes() }
        }
        return parts.map { zip($0, counts).map { Array($0.prefix($1)) } } ?? [bytes]
    }

    /// Up to `capacity` numbers of every rank in one collective, filled up with zeros.
    func gather(_ values: [Double], capacity: Int) throws -> [[Double]] {
        try together { group in
            let parts = try (0..<rankCount).map { _ in try Tensor.zeros([capacity], dtype: .float64) }
            let padded = values + [Double](repeating: 0, count: capacity - values.count)
            try group.allGather(Tensor(padded), into: parts).wait()
            return try parts.map { try $0.values(as: Double.self) }
        } ?? [values]
    }

    /// Gives all ranks rank 0's elements.
    func broadcast(_ tensors: [Tensor]) throws {
        _ = try together { group in
            let works = try tensors.map { try group.broadcast($0, from: 0) }
            for work in works { try work.wait() }
        }
    }

    /// Waits for all ranks.
    public func barrier() throws { _ = try together { try $0.barrier() } }

    /// Runs `body` on rank 0 alone and gives all ranks its outcome, or the sentence of its error.
    public func onFirst(_ body: () throws -> String) throws -> String {
        guard rankCount > 1 else { return try body() }
        let outcome = isFirst ? Self.outcome(of: body) : ""
        let told = String(decoding: try gather(Array(outcome.utf8))[0], as: UTF8.self)
        guard told.hasPrefix("=") else { throw RankError.ended(String(told.dropFirst())) }
        return String(told.dropFirst())
    }

    /// Runs `body` on every rank and gives all ranks all outcomes, or the sentence of the first that failed.
    func everyone(_ body: () throws -> String) throws -> [String] {
        try gather(Array(Self.outcome(of: body).utf8)).enumerated().map { rank, bytes in
            let told = String(decoding: bytes, as: UTF8.self)
            guard told.hasPrefix("=") else { throw RankError.ended("rank \(rank): \(told.dropFirst())") }
            return String(told.dropFirst())
        }
    }

    private static func outcome(of body: () throws -> String) -> String {
        do { return "=" + (try body()) } catch { return "!\(error)" }
    }

    /// Tells the others why this rank leaves, and lets go of those that wait for it. None of its collectives can follow;
    /// nothing else may hold the group by then, such as a trainer's reducer.
    public func leave(because error: any Error) {
        rollCall?.report("\(error)") { [self] in release() }
    }

    /// Closes the connections to the other ranks, whose collectives fail by that.
    private func release() {
        // The group's end waits for what is under way.
        try? Self.within(seconds: 10) { [self] in
            let group = held.withLock { $0.take() }
            // The device would wait for the others for ever, and the process's end for the device.
            if mark.withLock({ $0 }) != nil { try group?.abort() }
        }
    }

    /// This rank's neighbouring share of `count` things, at most one more than another's.
    func share(of count: Int) -> Range<Int> {
        rank * count / rankCount..<(rank + 1) * count / rankCount
    }
}

/// What a thread will have found out.
private final class Late<Outcome: Sendable>: Sendable {
    let result = Mutex<Result<Outcome, any Error>?>(nil)
}
