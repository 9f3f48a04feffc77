import Foundation
import Synchronization
import Torch

/// Finds out which rank is missing when the ranks no longer get on.
///
/// Every rank counts up a number in the store once a second. A rank whose number stands still is lost: its process or its
/// machine is gone, or its connection. The first rank to find that writes the sentence, and the others say the same.
final class RollCall: Sendable {
    private let store: Store
    private let name: String
    private let rank: Int
    private let rankCount: Int
    private let hostsStore: Bool
    private let timeout: Double
    private let address: String

    /// Seconds between two beats, and those within which a living rank has one.
    private static let interval = 1.0
    private static let patience = 3.0

    init(_ environment: RankEnvironment, _ store: Store, name: String) throws {
        (self.store, self.name, rank, rankCount) = (store, name, environment.rank, environment.rankCount)
        (hostsStore, timeout, address) = (
            environment.hostsStore, environment.timeout, "\(environment.host):\(environment.port)"
        )
        let own = try Store.localAddress(reaching: environment.host, port: environment.port)
        let process = ProcessInfo.processInfo
        let machine = "process \(process.processIdentifier) on \(process.hostName), \(own)"
        try store.set(key("who", rank), to: Array(machine.utf8))
        try store.set(key("beat", rank), to: [0])
        // A connection of its own: the other may be waiting for an answer.
        let connection = try Store(
            host: environment.host, port: environment.port, isHost: false, timeout: environment.timeout)
        let beat = key("beat", rank)
        let thread = Thread {
            var count: UInt64 = 0
            while (try? connection.set(beat, to: withUnsafeBytes(of: count) { Array($0) })) != nil {
                count += 1
                Thread.sleep(forTimeInterval: Self.interval)
            }
        }
        thread.name = "RollCall"
        thread.start()
    }

    private func key(_ what: String, _ rank: Int) -> String { "\(name)/\(what)/\(rank)" }
    private var verdictKey: String { "\(name)/verdict" }

    /// Leaves a sentence for ranks that come to wait in vain.
    ///
    /// - Parameter release: ends the waiting of those that do already, once the sentence is there.
    func report(_ sentence: String, _ release: @escaping @Sendable () -> Void) {
        _ = try? Ranks.within(seconds: limit) { [self] in
            let who = (try? self.who(rank)) ?? "rank \(rank)"
            _ = try? settled("\(who) failed: \(sentence)")
            release()
            waitForOthers()
        }
    }

    /// Seconds in which the store has answered, or does not any more: where a link is cut, a question stays without one.
    private var limit: Double { hostsStore ? 60 : 15 }

    /// The verdict: this sentence, unless another rank was before.
    private func settled(_ sentence: String) throws -> String {
        String(decoding: try store.setFirst(verdictKey, to: Array(sentence.utf8)), as: UTF8.self)
    }

    /// What all ranks say when a collective has failed.
    func verdict(at place: String, reason: String) -> RankError {
        do {
            return try Ranks.within(seconds: limit) { [self] in
                let sentence = try known() ?? find(at: place, reason: reason)
                waitForOthers()
                return .ended(sentence)
            }
        } catch {
            return .ended("rank \(rank) has lost rank 0's store at \(address) \(place) (\(reason)); every rank stops")
        }
    }

    /// Waits for what a device does, which does not notice that another rank's is gone.
    func watch(until isDone: () -> Bool) throws {
        let start = Date()
        var (before, next) = ([[UInt8]](), start + Self.patience)
        while !isDone() {
            Thread.sleep(forTimeInterval: 0.0005)
            let now = Date()
            guard now >= next else { continue }
            guard now < start + timeout else { throw POSIXError(.ETIMEDOUT) }
            let after = try beats()
            let lost = (0..<rankCount).contains { $0 != rank && before.count == rankCount && before[$0] == after[$0] }
            guard !lost, try known() == nil else { throw POSIXError(.ECONNRESET) }
            (before, next) = (after, now + Self.patience)
        }
    }

    private func known() throws -> String? {
        guard try store.has(verdictKey) else { return nil }
        return String(decoding: try store.value(of: verdictKey, timeout: 1), as: UTF8.self)
    }

    private func find(at place: String, reason: String) throws -> String {
        let before = try beats()
        Thread.sleep(forTimeInterval: Self.patience)
        if let known = try known() { return known }
        let after = try beats()
        let lost = (0..<rankCount).filter { $0 != rank && before[$0] == after[$0] }
        let sentence =
            lost.isEmpty
            ? "the ranks no longer get on \(place), though all are alive: \(reason)"
            : try "\(lost.map(who).joined(separator: " and ")) is lost \(place) (\(reason)); every rank stops"
        return try settled(sentence)
    }

    private func beats() throws -> [[UInt8]] {
        try (0..<rankCount).map { try store.value(of: key("beat", $0), timeout: 2) }
    }

    private func who(_ rank: Int) throws -> String {
        "rank \(rank) (\(String(decoding: try store.value(of: key("who", rank), timeout: 2), as: UTF8.self)))"
    }

    /// The store goes with the rank that hosts it, so that one stays until the living ones have read the verdict.
    private func waitForOthers() {
        try? store.set(key("left", rank), to: [1])
        guard hostsStore else { return }
        let end = Date(timeIntervalSinceNow: min(timeout, 30))
        var before = (try? beats()) ?? []
        while Date() < end {
            Thread.sleep(forTimeInterval: Self.patience)
            let after = (try? beats()) ?? []
            let isWaiting = (0..<rankCount).contains { other in
                guard other != rank, before.count == rankCount, after.count == rankCount else { return false }
                return before[other] != after[other] && (try? store.has(key("left", other))) == false
            }
            guard isWaiting else { return }
            before = after
        }
    }
}
