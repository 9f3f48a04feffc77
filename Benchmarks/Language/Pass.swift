import Foundation

/// What one timed call took on the wall and of the processor, and what it came to.
struct Pass: Encodable {
    var seconds = 0.0
    var processor = 0.0
    /// A loss, or a count, by which the two sides are checked against each other.
    var value = 0.0
    /// What was generated.
    var tokens: [Int32] = []
    /// Memory taken beyond what was resident before, in bytes.
    var peak = 0.0
    /// What is computed in, where that was asked.
    var precision = ""

    init() {}

    /// Times `body`.
    init(_ body: () throws -> Double) rethrows {
        let (start, processorStart) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
        value = try body()
        (seconds, processor) = (
            Self.now(CLOCK_MONOTONIC) - start, Self.now(CLOCK_PROCESS_CPUTIME_ID) - processorStart
        )
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// The resident memory of this process, in bytes.
enum ResidentMemory {
    static func resetPeak() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }
    static var now: Double { bytes("VmRSS") }
    static var peak: Double { bytes("VmHWM") }

    private static func bytes(_ key: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? .nan) * 1024
    }
}
