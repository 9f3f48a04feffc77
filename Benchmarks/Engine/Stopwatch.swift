import Foundation
import Torch

/// Time as wall clocks see it, or as the processor spent it on this process, which other programs disturb less.
enum Stopwatch: String {
    case wall, processor

    func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = now
        try body()
        return now - start
    }

    private var now: Double {
        var time = timespec()
        clock_gettime(self == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// The largest resident memory of this process since it was last asked to start over, in bytes.
enum PeakMemory {
    /// Gives freed memory back first, so that it does not count against what comes next.
    static func reset() {
        Engine.releaseFreedMemory()
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }

    static func bytes() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? .nan) * 1024
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        return isEmpty ? .nan : (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
    var geometricMean: Double { isEmpty ? .nan : exp(map { log($0) }.reduce(0, +) / Double(count)) }
}
