import Foundation

/// Where the seconds of a run go. Only what is measured here counts as training time.
struct PhaseClock: Sendable, Equatable, Codable {
    enum Phase: String, Codable, CaseIterable { case data, forward, backward, optimizer, selection, scoring }

    private(set) var secondsByPhase: [String: Double] = [:]
    /// Processor seconds of all threads within the measured spans.
    private(set) var processorSeconds = 0.0

    var seconds: Double { secondsByPhase.values.reduce(0, +) }

    func seconds(_ phase: Phase) -> Double { secondsByPhase[phase.rawValue] ?? 0 }

    /// Runs `body` and books its time; spans must not nest.
    mutating func measure<Result, Failure: Error>(_ phase: Phase, _ body: () throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        let (start, processorStart) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
        defer {
            secondsByPhase[phase.rawValue, default: 0] += Self.now(CLOCK_MONOTONIC) - start
            processorSeconds += Self.now(CLOCK_PROCESS_CPUTIME_ID) - processorStart
        }
        return try body()
    }

    /// The same with `seconds` of one phase, measured within it, booked on another.
    mutating func move(_ seconds: Double, from source: Phase, to target: Phase) {
        secondsByPhase[source.rawValue, default: 0] -= seconds
        secondsByPhase[target.rawValue, default: 0] += seconds
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
