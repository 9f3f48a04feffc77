/// The largest `k` of N keys in O(N), without a sort and without storing the keys.
///
/// A bracket of keys around the k-th is found first: from the histogram of a sample where N is large, else from those
/// of all keys. One pass then takes every key above the bracket and collects those inside, a few percent, to be ranked
/// exactly. A bracket that missed, which a sample's can, is replaced by an exact one, so the outcome never depends on
/// the sample.
struct TopK {
    let keys: RankingKeys
    /// From this number of keys on, a sample gives the first bracket.
    var sampledFrom = 1 << 20

    private var count: Int { keys.scores.count }

    /// Chooses `min(k, N)` examples.
    func choose(_ k: Int) -> Draw {
        guard k > 0 else { return Draw(examples: [], threshold: nil) }
        guard k < count else { return Draw(examples: Array(0..<Int32(count)), threshold: nil) }
        if count >= sampledFrom, let draw = gather(k, inside: sampledBracket(rank: k)) { return draw }
        return gather(k, inside: exactBracket(rank: k)) ?? Draw(examples: [], threshold: nil)
    }

    /// One block of four keys in this many is in the sample.
    private static let sampleStride = 64
    private static let digitBits: UInt64 = 16

    // MARK: Brackets

    /// The keys whose leading 16 bits lie within six standard errors of the sample's key of a rank.
    private func sampledBracket(rank: Int) -> ClosedRange<UInt64> {
        let histogram = histogram(of: 0, shift: 64, every: Self.sampleStride)
        let sampled = Double(histogram.reduce(0) { $0 + Int($1) })
        let share = Double(rank) / Double(count)
        let margin = 6 * (sampled * share * (1 - share)).squareRoot() + 6
        let upper = digit(ofRank: Int(max(0, sampled * share - margin)), in: histogram).digit
        let lower = digit(ofRank: Int(min(sampled - 1, sampled * share + margin)), in: histogram).digit
        return UInt64(lower) << 48...(UInt64(upper) << 48 | 0xFFFF_FFFF_FFFF)
    }

    /// The keys that share their leading bits with the key of a rank, as many bits as it takes to be few.
    private func exactBracket(rank: Int) -> ClosedRange<UInt64> {
        var prefix: UInt64 = 0
        var shift: UInt64 = 64
        var rank = rank
        var size = count
        while size > max(1024, count / 16) && shift > 0 {
            let histogram = histogram(of: prefix, shift: shift, every: 1)
            let place = digit(ofRank: rank, in: histogram)
            shift -= Self.digitBits
            prefix = prefix << Self.digitBits | UInt64(place.digit)
            rank -= place.above
            size = Int(histogram[place.digit])
        }
        // The smart shift makes 0 of a shift by 64.
        return prefix << shift...(prefix << shift | ((1 << shift) &- 1))
    }

    /// How many keys with a prefix have each value of the next 16 bits.
    private func histogram(of prefix: UInt64, shift: UInt64, every stride: Int) -> [UInt32] {
        var histogram = [UInt32](repeating: 0, count: 1 << Self.digitBits)
        histogram.withUnsafeMutableBufferPointer { counts in
            forEachKey(every: stride) { key, _ in
                guard key >> shift == prefix else { return }
                counts[Int(key >> (shift - Self.digitBits) & 0xFFFF)] += 1
            }
        }
        return histogram
    }

    /// The digit of the key with `rank` larger ones, and the number of keys with larger digits.
    private func digit(ofRank rank: Int, in histogram: [UInt32]) -> (digit: Int, above: Int) {
        var above = 0
        var digit = histogram.count - 1
        while digit > 0 && above + Int(histogram[digit]) <= rank {
            above += Int(histogram[digit])
            digit -= 1
        }
        return (digit, above)
    }

    /// Passes every key, or those of each `stride`-th block of four, with its example number.
    @inline(__always)
    private func forEachKey(every stride: Int = 1, _ body: (UInt64, Int32) -> Void) {
        var index = 0
        while index < count / 4 {
            let block = keys.block(index)
            let first = Int32(truncatingIfNeeded: 4 * index)
            body(block.key(0), first)
            body(block.key(1), first &+ 1)
            body(block.key(2), first &+ 2)
            body(block.key(3), first &+ 3)
            index += stride
        }
        guard stride == 1, count % 4 > 0 else { return }
        let block = keys.block(index)
        for lane in 0..<count % 4 { body(block.key(lane), Int32(4 * index + lane)) }
    }

    // MARK: Choice

    /// The `k` largest keys, or `nil` where the bracket misses the boundary.
    private func gather(_ k: Int, inside bracket: ClosedRange<UInt64>) -> Draw? {
        var candidates: [Candidate] = []
        var found = 0
        var examples = [Int32](unsafeUninitializedCapacity: k + 1) { output, initialized in
            forEachKey { key, example in
                // Written in any case and kept by counting: a branch would be mispredicted too often.
                output[min(found, k)] = example
                found &+= key > bracket.upperBound ? 1 : 0
                if key >= bracket.lowerBound && key <= bracket.upperBound {
                    candidates.append(Candidate(key: key, example: example))
                }
            }
            initialized = min(found, k)
        }
        let missing = k - found
        guard missing >= 0, missing < candidates.count else { return nil }
        Candidate.partition(&candidates, rank: missing)
        examples.append(contentsOf: candidates[..<missing].lazy.map(\.example))
        return Draw(examples: examples, threshold: UInt32(truncatingIfNeeded: candidates[missing].key >> 32))
    }
}

/// A key close to the boundary.
private struct Candidate {
    var key: UInt64
    var example: Int32

    func precedes(_ other: Candidate) -> Bool {
        key != other.key ? key > other.key : example < other.example
    }

    /// Moves the candidate of a rank to its place, and those that precede it before it (Hoare's selection).
    static func partition(_ candidates: inout [Candidate], rank: Int) {
        var low = 0
        var high = candidates.count - 1
        while low < high {
            let pivot = candidates[low + (high - low) / 2]
            var left = low
            var right = high
            while left <= right {
                while candidates[left].precedes(pivot) { left += 1 }
                while pivot.precedes(candidates[right]) { right -= 1 }
                guard left <= right else { break }
                candidates.swapAt(left, right)
                left += 1
                right -= 1
            }
            if rank <= right {
                high = right
            } else if rank >= left {
                low = left
            } else {
                return
            }
        }
    }
}
