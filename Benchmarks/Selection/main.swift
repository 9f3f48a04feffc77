// Cost of choosing 30 % of N examples, softly and with weights, on one thread.
import Teaching

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Processor time, which other programs on the machine change less than the clock's.
func seconds(_ body: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    body()
    return now() - start
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

func scores(_ count: Int) -> [Float] {
    let random = CounterRandom(seed: 1)
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count {
            buffer[index] = Float(random.bits(at: UInt64(index))) * 0x1p-30
        }
        initialized = count
    }
}

for (name, count) in [("1e6", 1_000_000), ("1e7", 10_000_000), ("1e8", 100_000_000)] {
    let scores = scores(count)
    let before = peakBytes()
    let k = count * 3 / 10
    for (kind, ranking) in [("hard", Ranking.hard), ("random", .random), ("soft", .soft(Selection.Soft()))] {
        var draw = ranking.choose(1, from: [0], random: CounterRandom(seed: 0))
        let choosing = seconds { draw = ranking.choose(k, from: scores, random: CounterRandom(seed: 2)) }
        precondition(draw.examples.count == k)
        guard kind == "soft" else {
            print("figure select.\(kind).ns_per_example.\(name) \(choosing / Double(count) * 1e9)")
            continue
        }
        var total: Float = 0
        let peak = peakBytes()
        let weighing = seconds { total = ranking.probabilities(of: draw, scores: scores).reduce(0, +) }
        precondition(total > 0)
        var hash: UInt64 = 0
        for example in draw.examples { hash = (hash ^ UInt64(example)) &* 0x100_0000_01B3 }
        print("hash", hash, total)
        print("figure select.ns_per_example.\(name) \(choosing / Double(count) * 1e9)")
        print("figure select.weighted.ns_per_example.\(name) \((choosing + weighing) / Double(count) * 1e9)")
        if name == "1e8" {
            print("figure select.bytes_per_example \((peak - before) / Double(count))")
            print("select.seconds.1e9 is extrapolated from 1e8, weights included")
            print("figure select.seconds.1e9 \((choosing + weighing) * 10)")
        }
    }
}
