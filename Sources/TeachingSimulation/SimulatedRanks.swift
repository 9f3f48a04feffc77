import Foundation
import Teaching

/// Ranks that are threads of one process: to try out and to measure what ranks that are processes do.
public final class SimulatedRank: Reduction {
    public typealias Failure = any Error

    public let rank: Int
    private let meeting: Meeting

    init(_ rank: Int, _ meeting: Meeting) { (self.rank, self.meeting) = (rank, meeting) }

    public var rankCount: Int { meeting.count }

    public func sum(_ values: [Int64]) throws -> [Int64] {
        let all = meeting.exchange(.integers(values), from: rank) { parts in
            var sums = [Int64](repeating: 0, count: values.count)
            for case .integers(let values) in parts {
                for place in values.indices { sums[place] += values[place] }
            }
            return ([.integers(sums)], 2 * 8 * values.count * (parts.count - 1) / parts.count)
        }
        guard case .integers(let sums) = all[0] else { preconditionFailure("all ranks call the same collective") }
        return sums
    }

    public func gather(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let all = meeting.exchange(.bytes(bytes), from: rank) { parts in
            (parts, parts.reduce(0) { $0 + $1.count } - parts[0].count)
        }
        return all.map { if case .bytes(let bytes) = $0 { bytes } else { [] } }
    }

    /// Bytes that this kind of group would have rank 0 send so far: an all-reduce in a ring twice its size, less what a
    /// rank keeps; an all-gather what all others have.
    public var traffic: Int { meeting.traffic }

    /// Runs `body` once a rank, each on a thread of its own.
    ///
    /// - Returns: the outcomes, in the order of ranks. A rank that throws leaves the others waiting for ever, so `body`
    ///   must not.
    public static func run<Outcome: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (SimulatedRank) -> Outcome
    ) -> [Outcome] {
        let meeting = Meeting(count: count)
        let outcomes = Outcomes<Outcome>(count: count)
        for rank in 0..<count {
            let thread = Thread { outcomes.set(body(SimulatedRank(rank, meeting)), at: rank) }
            thread.stackSize = 8 << 20
            thread.start()
        }
        return outcomes.wait()
    }
}

/// What one rank brings to a collective.
enum Contribution: Sendable {
    case integers([Int64])
    case bytes([UInt8])

    var count: Int {
        switch self {
        case .integers(let values): values.count
        case .bytes(let bytes): bytes.count
        }
    }
}

/// Where all ranks wait for each other.
///
/// `@unchecked Sendable`: all state is read and written with the condition's lock held.
final class Meeting: @unchecked Sendable {
    let count: Int
    private let condition = NSCondition()
    private var arrived: [Int: Contribution] = [:]
    private var result: [Contribution] = []
    private var round = 0
    private var bytes = 0

    init(count: Int) { self.count = count }

    var traffic: Int { condition.withLock { bytes } }

    /// - Parameter combine: makes of what all ranks bring what all get, and says how many bytes that sent.
    func exchange(
        _ contribution: Contribution, from rank: Int, combine: ([Contribution]) -> ([Contribution], Int)
    ) -> [Contribution] {
        condition.lock()
        defer { condition.unlock() }
        arrived[rank] = contribution
        let present = round
        if arrived.count == count {
            let outcome = combine((0..<count).compactMap { arrived[$0] })
            result = outcome.0
            bytes += outcome.1
            arrived = [:]
            round += 1
            condition.broadcast()
        }
        while round == present { condition.wait() }
        return result
    }
}

/// The outcomes of threads.
///
/// `@unchecked Sendable`: as `Meeting`.
private final class Outcomes<Outcome: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var outcomes: [Outcome?]

    init(count: Int) { outcomes = Array(repeating: nil, count: count) }

    func set(_ outcome: Outcome, at rank: Int) {
        condition.withLock {
            outcomes[rank] = outcome
            condition.broadcast()
        }
    }

    func wait() -> [Outcome] {
        condition.lock()
        defer { condition.unlock() }
        while outcomes.contains(where: { $0 == nil }) { condition.wait() }
        return outcomes.compactMap { $0 }
    }
}
