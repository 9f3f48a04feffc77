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

/// Examples above a bracket, in rising order, and those inside it.
private struct Gathering {
    let bracket: ClosedRange<UInt64>
    let limit: Int
    let output: UnsafeMutableRawPointer
    var found = 0
    var candidates: [Candidate] = []

    /// Room that the output needs beyond the limit.
    static let slack = 16

    /// Takes blocks of four by their keys, up to the limit.
    mutating func take(_ blocks: Range<Int>, of keys: RankingKeys) {
        for index in blocks where found <= limit { take(index, of: keys) }
    }

    /// Takes the first groups of eight, the keys only of examples that a screen leaves open.
    mutating func screen(_ groups: Int, of keys: RankingKeys) {
        let screen = KeyScreen(bracket: bracket)
        switch keys.ranking {
        case .random: take(groups, of: keys, needsWords: true) { _, words in screen.sides(words) }
        case .hard:
            take(groups, of: keys, needsWords: false) { index, _ in
                let scores = keys.loadWhole(index)
                return screen.sides(scores, scores)
            }
        case .soft(let soft):
            let potential = Potential(soft)
            GumbelBounds.table.withUnsafeBufferPointer { table in
                take(groups, of: keys, needsWords: true) { index, words in
                    let potential = potential(keys.loadWhole(index))
                    let noise = GumbelBounds.of(words, in: table.baseAddress!)
                    return screen.sides(potential + noise.low, potential + noise.high)
                }
            }
        }
    }

    @inline(__always)
    private mutating func take(
        _ groups: Int, of keys: RankingKeys, needsWords: Bool, by sides: (Int, SIMD4<UInt32>) -> KeyScreen.Sides
    ) {
        let random = keys.random
        let patterns = Self.patterns
        patterns.withUnsafeBufferPointer { patterns in
            var group = 0
            while group < groups && found <= limit {
                let words = needsWords ? random.twoBlocks(UInt64(2 * group)) : (SIMD4(), SIMD4())
                take(2 * group, sides(2 * group, words.0), of: keys, patterns.baseAddress!)
                take(2 * group + 1, sides(2 * group + 1, words.1), of: keys, patterns.baseAddress!)
                group += 1
            }
        }
    }

    @inline(__always)
    private mutating func take(
        _ index: Int, _ sides: KeyScreen.Sides, of keys: RankingKeys, _ patterns: UnsafePointer<SIMD4<Int32>>
    ) {
        guard !any(sides.open) else { return take(index, of: keys) }
        // One number a set of lanes, the lanes' count in its high half.
        let lanes = SIMD4<UInt32>(0x11, 0x12, 0x14, 0x18).replacing(with: 0, where: .!sides.above).wrappedSum()
        let numbers = patterns[Int(lanes)] &+ SIMD4(repeating: Int32(truncatingIfNeeded: 4 &* index))
        (output + 4 &* found).storeBytes(of: numbers, as: SIMD4<Int32>.self)
        found &+= Int(lanes >> 4)
    }

    @inline(never)
    private mutating func take(_ index: Int, of keys: RankingKeys) {
        let block = keys.block(index)
        for lane in 0..<min(4, keys.scores.count - 4 * index) {
            let key = block.key(lane)
            let example = Int32(truncatingIfNeeded: 4 * index + lane)
            // Written in any case and kept by counting: a branch would be mispredicted too often.
            (output + 4 &* found).storeBytes(of: example, as: Int32.self)
            found &+= key > bracket.upperBound ? 1 : 0
            if bracket.contains(key) { candidates.append(Candidate(key: key, example: example)) }
        }
    }

    private static let patterns: [SIMD4<Int32>] = {
        var patterns = [SIMD4<Int32>](repeating: SIMD4(), count: 0x50)
        for set in 0..<16 {
            let lanes = (0..<4).filter { set >> $0 & 1 == 1 }
            for (place, lane) in lanes.enumerated() { patterns[lanes.count << 4 | set][place] = Int32(lane) }
        }
        return patterns
    }()
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
