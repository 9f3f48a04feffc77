// Cost of choosing 30 % of N examples on one thread; softly also with weights. Seconds are processor time, which other
// programs change less than the clock's.
//
// With `--billion FOLDER` the table of 1e9 examples is real: a file of 6 GB mapped into memory, in the present folder
// where none is named. The outcome takes 3 GB more.
import Teaching

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct Cost {
    var seconds: Double
    var elapsed: Double

    static func of(_ body: () throws -> Void) rethrows -> Cost {
        func now(_ clock: clockid_t) -> Double {
            var time = timespec()
            clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        let start = (now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_MONOTONIC))
        try body()
        return Cost(seconds: now(CLOCK_PROCESS_CPUTIME_ID) - start.0, elapsed: now(CLOCK_MONOTONIC) - start.1)
    }

    static func + (left: Cost, right: Cost) -> Cost {
        Cost(seconds: left.seconds + right.seconds, elapsed: left.elapsed + right.elapsed)
    }
}

/// Largest resident size of this process so far, in bytes.
func peakBytes() -> Double {
    var usage = rusage()
    // RUSAGE_SELF is imported with a different type on each platform; its value is 0 on all.
    getrusage(0, &usage)
    #if os(Linux)
        return Double(usage.ru_maxrss) * 1024
    #else
        return Double(usage.ru_maxrss)
    #endif
}

/// A table in which every example has a score, as after an epoch.
func filledTable(_ count: Int, scratch: String? = nil) throws -> ScoreTable {
    var table = try ScoreTable(count: count, scratch: scratch)
    let random = CounterRandom(seed: 1)
    for start in stride(from: 0, to: count, by: 1 << 16) {
        let examples = Array(Int32(start)..<Int32(min(start + 1 << 16, count)))
        table.record(examples.map { Float(random.bits(at: UInt64($0))) * 0x1p-30 }, for: examples, lesson: 0)
    }
    return table
}

let soft = Ranking.soft(Selection.Soft())

/// Cost of the choice alone, with its weights, and the bytes that both took at their peak.
func costs(of table: ScoreTable) -> (choice: Cost, weighted: Cost, bytes: Double) {
    let before = peakBytes()
    let k = table.count * 3 / 10
    var draw = soft.choose(1, from: [0], random: CounterRandom(seed: 0))
    let choice = Cost.of { draw = soft.choose(k, from: table.scores, random: CounterRandom(seed: 2)) }
    precondition(draw.examples.count == k)
    var probabilities: [Float] = []
    let weights = Cost.of { probabilities = soft.probabilities(of: draw, scores: table.scores) }
    precondition(probabilities.allSatisfy { $0 > 0 && $0 <= 1 })
    return (choice, choice + weights, peakBytes() - before)
}

func measureBillion(folder: String) throws {
    let count = 1_000_000_000
    var table = try ScoreTable(count: 1)
    let filling = try Cost.of { table = try filledTable(count, scratch: folder) }
    let (choice, weighted, bytes) = costs(of: table)
    print("1e9 examples, mapped from \(folder), filled in \(filling.elapsed) s")
    print("choosing and weighing took \(weighted.elapsed) s by the clock")
    print("figure select.ns_per_example.1e9 \(choice.seconds / Double(count) * 1e9)")
    print("figure select.bytes_per_example.1e9 \(bytes / Double(count))")
    print("figure select.seconds.1e9 \(weighted.seconds)")
}

func measure() throws {
    // The largest first: peaks of memory are the process's.
    for (name, count) in [("1e8", 100_000_000), ("1e7", 10_000_000), ("1e6", 1_000_000)] {
        let before = peakBytes()
        let table = try filledTable(count)
        let tableBytes = peakBytes() - before
        let perExample = 1e9 / Double(count)
        let (choice, weighted, bytes) = costs(of: table)
        print("figure select.ns_per_example.\(name) \(choice.seconds * perExample)")
        print("figure select.weighted.ns_per_example.\(name) \(weighted.seconds * perExample)")
        for (kind, ranking) in [("hard", Ranking.hard), ("random", .random)] {
            let cost = Cost.of {
                let draw = ranking.choose(count * 3 / 10, from: table.scores, random: CounterRandom(seed: 2))
                precondition(draw.examples.count == count * 3 / 10)
            }
            print("figure select.\(kind).ns_per_example.\(name) \(cost.seconds * perExample)")
        }
        guard name == "1e8" else { continue }
        print("figure select.table_bytes_per_example \(tableBytes / Double(count))")
        print("figure select.bytes_per_example \(bytes / Double(count))")
        print("select.seconds.1e9 is extrapolated from 1e8, weights included; --billion FOLDER measures it")
        print("figure select.seconds.1e9 \(weighted.seconds * 10)")
    }
}

do {
    if let option = CommandLine.arguments.firstIndex(of: "--billion") {
        try measureBillion(folder: CommandLine.arguments.dropFirst(option + 1).first ?? ".")
    } else {
        try measure()
    }
} catch {
    print("selection-bench: \(error)")
    exit(1)
}
