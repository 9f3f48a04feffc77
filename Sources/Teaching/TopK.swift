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

    /// From this number of keys on, most are told from the bracket without being computed.
    var screenedFrom = 1 << 17

    private var count: Int { keys.scores.count }

    /// Chooses `min(k, N)` examples.
    func choose(_ k: Int) -> Draw {
        guard k > 0 else { return Draw(examples: [], threshold: nil) }
        guard k < count else { return Draw(examples: Array(0..<Int32(count)), threshold: nil) }
        if count >= sampledFrom, let bracket = bracket(rank: k, every: Self.sampleStride),
            let draw = gather(k, inside: bracket)
        {
            return draw
        }
        return bracket(rank: k, every: 1).flatMap { gather(k, inside: $0) } ?? Draw(examples: [], threshold: nil)
    }

    /// One block of four keys in this many is in the sample.
    private static let sampleStride = 64
    private static let digitBits: UInt64 = 16

    // MARK: Brackets

    /// A range of keys around the one of a rank, which shares its leading bits, as many as it takes to be few.
    ///
    /// With a stride above 1 the rank is that of a sample, give or take six standard errors; `nil` where that cannot be
    /// narrow, as among ties.
    func bracket(rank: Int, every stride: Int) -> ClosedRange<UInt64>? {
        let total = stride > 1 ? (count / 4 + stride - 1) / stride * 4 : count
        let share = Double(rank) / Double(count)
        let margin = stride > 1 ? Int(6 * (Double(total) * share * (1 - share)).squareRoot()) + 6 : 0
        var rank = stride > 1 ? Int(Double(total) * share) : rank
        var prefix: UInt64 = 0
        var shift: UInt64 = 64
        var size = total
        var digits = 0...0
        while size > max(1024 / stride, total / 8) && shift > 0 {
            guard digits.count == 1 else { return nil }
            prefix = prefix << Self.digitBits | UInt64(digits.lowerBound)
            let histogram = histogram(of: prefix, shift: shift, every: stride)
            let upper = place(ofRank: max(0, rank - margin), in: histogram)
            let lower = margin > 0 ? place(ofRank: min(size - 1, rank + margin), in: histogram) : upper
            digits = lower.digit...upper.digit
            size = histogram[digits].reduce(0) { $0 + Int($1) }
            shift -= Self.digitBits
            rank -= upper.above
        }
        let low = (prefix << Self.digitBits | UInt64(digits.lowerBound)) << shift
        let high = (prefix << Self.digitBits | UInt64(digits.upperBound)) << shift
        // The smart shift makes 0 of a shift by 64.
        return low...(high | ((1 << shift) &- 1))
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
    private func place(ofRank rank: Int, in histogram: [UInt32]) -> (digit: Int, above: Int) {
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
        var examples = [Int32](unsafeUninitializedCapacity: k + Gathering.slack) { output, initialized in
            var gathering = Gathering(bracket: bracket, limit: k, output: UnsafeMutableRawPointer(output.baseAddress!))
            let screened = count >= screenedFrom ? count / 8 : 0
            gathering.screen(screened, of: keys)
            gathering.take(2 * screened..<(count + 3) / 4, of: keys)
            candidates = gathering.candidates
            found = gathering.found
            initialized = min(found, k)
        }
        let missing = k - found
        guard missing >= 0, missing < candidates.count else { return nil }
        Candidate.partition(&candidates, rank: missing)
        examples.append(contentsOf: candidates[..<missing].lazy.map(\.example))
        return Draw(examples: examples, threshold: UInt32(truncatingIfNeeded: candidates[missing].key >> 32))
    }
}
