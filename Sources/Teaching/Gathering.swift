/// Examples above a bracket, in rising order, and those inside it.
struct Gathering {
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
                let words = needsWords ? random.twoBlocks(UInt64(2 * group + keys.first / 4)) : (SIMD4(), SIMD4())
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
        let numbers = patterns[Int(lanes)] &+ SIMD4(repeating: Int32(truncatingIfNeeded: keys.first &+ 4 &* index))
        (output + 4 &* found).storeBytes(of: numbers, as: SIMD4<Int32>.self)
        found &+= Int(lanes >> 4)
    }

    @inline(never)
    private mutating func take(_ index: Int, of keys: RankingKeys) {
        let block = keys.block(index)
        for lane in 0..<min(4, keys.scores.count - 4 * index) {
            let key = block.key(lane)
            let example = Int32(truncatingIfNeeded: keys.first + 4 * index + lane)
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
struct Candidate {
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
