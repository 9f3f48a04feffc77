/// The largest `k` of N keys in O(N), without a sort and without storing the keys.
///
/// A bracket of keys around the k-th is found first: from the histogram of a sample where N is large, else from those
/// of all keys. One pass then takes every key above the bracket and collects those inside, a few percent, to be ranked
/// exactly. A bracket that missed, which a sample's can, is replaced by an exact one, so the outcome never depends on
/// the sample. With several ranks each has the keys of its shard, and the histograms are of all.
struct TopK<Ranks: Reduction> {
    let keys: RankingKeys
    let ranks: Ranks
    /// Keys of all ranks.
    let count: Int
    /// From this number of keys on, a sample gives the first bracket.
    var sampledFrom = 1 << 20

    /// From this number of keys on, most are told from the bracket without being computed.
    var screenedFrom = 1 << 17

    /// Chooses `min(k, N)` examples.
    func choose(_ k: Int) throws(Ranks.Failure) -> Draw {
        guard k > 0 else { return Draw(examples: [], threshold: nil) }
        guard k < count else { return Draw(examples: Array(0..<Int32(count)), threshold: nil) }
        if count >= sampledFrom, let bracket = try bracket(rank: k, every: sampleStride),
            let draw = try gather(k, inside: bracket)
        {
            return draw
        }
        guard let bracket = try bracket(rank: k, every: 1) else { return Draw(examples: [], threshold: nil) }
        return try gather(k, inside: bracket) ?? Draw(examples: [], threshold: nil)
    }

    /// One block of four keys in this many is in the sample.
    var sampleStride: Int { 64 }
    private var digitBits: UInt64 { 16 }

    // MARK: Brackets

    /// A range of keys around the one of a rank, which shares its leading bits, as many as it takes to be few.
    ///
    /// With a stride above 1 the rank is that of a sample, give or take six standard errors; `nil` where that cannot be
    /// narrow, as among ties.
    func bracket(rank: Int, every stride: Int) throws(Ranks.Failure) -> ClosedRange<UInt64>? {
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
            prefix = prefix << digitBits | UInt64(digits.lowerBound)
            let histogram = try histogram(of: prefix, shift: shift, every: stride)
            let upper = place(ofRank: max(0, rank - margin), in: histogram)
            let lower = margin > 0 ? place(ofRank: min(size - 1, rank + margin), in: histogram) : upper
            digits = lower.digit...upper.digit
            size = Int(histogram[digits].reduce(0, +))
            shift -= digitBits
            rank -= upper.above
        }
        let low = (prefix << digitBits | UInt64(digits.lowerBound)) << shift
        let high = (prefix << digitBits | UInt64(digits.upperBound)) << shift
        // The smart shift makes 0 of a shift by 64.
        return low...(high | ((1 << shift) &- 1))
    }

    /// How many keys with a prefix have each value of the next 16 bits.
    private func histogram(
        of prefix: UInt64, shift: UInt64, every stride: Int
    ) throws(Ranks.Failure) -> [Int64] {
        var histogram = [Int64](repeating: 0, count: 1 << digitBits)
        histogram.withUnsafeMutableBufferPointer { counts in
            forEachKey(every: stride) { key, _ in
                guard key >> shift == prefix else { return }
                counts[Int(key >> (shift - digitBits) & 0xFFFF)] += 1
            }
        }
        return try ranks.sum(histogram)
    }

    /// The digit of the key with `rank` larger ones, and the number of keys with larger digits.
    func place(ofRank rank: Int, in histogram: [Int64]) -> (digit: Int, above: Int) {
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
        let last = keys.scores.count / 4
        // A shard's blocks are in the sample where they are in that of all.
        var index = (stride - keys.first / 4 % stride) % stride
        while index < last {
            let block = keys.block(index)
            let first = Int32(truncatingIfNeeded: keys.first + 4 * index)
            body(block.key(0), first)
            body(block.key(1), first &+ 1)
            body(block.key(2), first &+ 2)
            body(block.key(3), first &+ 3)
            index += stride
        }
        guard stride == 1, keys.scores.count % 4 > 0 else { return }
        let block = keys.block(last)
        for lane in 0..<keys.scores.count % 4 {
            body(block.key(lane), Int32(truncatingIfNeeded: keys.first + 4 * last + lane))
        }
    }

    // MARK: Choice

    /// The `k` largest keys, or `nil` where the bracket misses the boundary.
    private func gather(_ k: Int, inside bracket: ClosedRange<UInt64>) throws(Ranks.Failure) -> Draw? {
        let own = gatherShard(k, inside: bracket)
        let counts = try ranks.sum([Int64(own.found), Int64(own.candidates.count)])
        let missing = k - Int(counts[0])
        guard missing >= 0, missing < counts[1] else { return nil }
        var examples = try ranks.joined(own.examples, of: count)
        var candidates = try ranks.joined(own.candidates)
        Candidate.partition(&candidates, rank: missing)
        examples.append(contentsOf: candidates[..<missing].lazy.map(\.example))
        return Draw(examples: examples, threshold: UInt32(truncatingIfNeeded: candidates[missing].key >> 32))
    }

    /// What this rank's shard has above a bracket, up to `k`, and inside it.
    func gatherShard(
        _ k: Int, inside bracket: ClosedRange<UInt64>
    ) -> (examples: [Int32], found: Int, candidates: [Candidate]) {
        var candidates: [Candidate] = []
        var found = 0
        let limit = min(k, keys.scores.count)
        let examples = [Int32](unsafeUninitializedCapacity: limit + Gathering.slack) { output, initialized in
            var gathering = Gathering(
                bracket: bracket, limit: limit, output: UnsafeMutableRawPointer(output.baseAddress!))
            let screened = count >= screenedFrom ? keys.scores.count / 8 : 0
            gathering.screen(screened, of: keys)
            gathering.take(2 * screened..<(keys.scores.count + 3) / 4, of: keys)
            candidates = gathering.candidates
            found = gathering.found
            initialized = min(found, limit)
        }
        return (examples, found, candidates)
    }
}
