import HeapModule

/// Merges the tokens of one word until no neighbours merge any more: always the pair of lowest rank, of those the
/// leftmost (Sennrich, Haddow and Birch 2016, arXiv 1508.07909).
///
/// It is working memory, kept from word to word.
final class PairMerger {
    /// Up to here looking at every pair each time is faster than keeping a heap of them.
    static let longestScan = 48

    private var merges: [MergeTable.Merge] = []
    private var next: [Int32] = []
    private var previous: [Int32] = []

    /// Merges `tokens` in place.
    func merge(_ tokens: inout [Int32], by table: MergeTable) {
        if tokens.count <= Self.longestScan {
            mergeByScan(&tokens, by: table)
        } else {
            mergeByHeap(&tokens, by: table)
        }
    }

    /// O(n²) in time, with little to do a step.
    func mergeByScan(_ tokens: inout [Int32], by table: MergeTable) {
        guard tokens.count > 1 else { return }
        merges.removeAll(keepingCapacity: true)
        for index in 1..<tokens.count { merges.append(table[tokens[index - 1], tokens[index]]) }
        while let best = indexOfLowest() {
            tokens[best] = merges[best].token
            tokens.remove(at: best + 1)
            merges.remove(at: best)
            if best > 0 { merges[best - 1] = table[tokens[best - 1], tokens[best]] }
            if best < merges.count { merges[best] = table[tokens[best], tokens[best + 1]] }
        }
    }

    /// Ranks alone decide: two merges of one rank may yield different tokens, and then the left one wins.
    private func indexOfLowest() -> Int? {
        var lowest = MergeTable.Merge.none.rank
        var lowestIndex: Int?
        for index in merges.indices where merges[index].rank < lowest {
            lowest = merges[index].rank
            lowestIndex = index
        }
        return lowestIndex
    }

    /// O(n log n) in time: a heap of ranks and positions over a linked list of tokens.
    func mergeByHeap(_ tokens: inout [Int32], by table: MergeTable) {
        guard tokens.count > 1 else { return }
        let count = Int32(tokens.count)
        next = Array(1...count)
        previous = Array(-1..<count - 1)
        merges = (1..<tokens.count).map { table[tokens[$0 - 1], tokens[$0]] } + [.none]
        var heap = Heap(merges.indices.filter { merges[$0] != .none }.map { Self.entry(merges[$0], at: $0) })
        while let entry = heap.popMin() {
            let left = Int(truncatingIfNeeded: entry & 0xFFFF_FFFF)
            // An entry whose pair has changed since is stale.
            guard merges[left] != .none, Self.entry(merges[left], at: left) == entry else { continue }
            tokens[left] = merges[left].token
            unlink(Int(next[left]), count: tokens.count)
            refresh(left, tokens, table, &heap)
            if previous[left] >= 0 { refresh(Int(previous[left]), tokens, table, &heap) }
        }
        keepLinked(&tokens)
    }

    @inline(__always)
    private static func entry(_ merge: MergeTable.Merge, at index: Int) -> UInt64 {
        UInt64(merge.rank) << 32 | UInt64(index)
    }

    private func unlink(_ index: Int, count: Int) {
        merges[index] = .none
        let left = previous[index]
        let right = next[index]
        next[Int(left)] = right
        if right < count { previous[Int(right)] = left }
    }

    private func refresh(_ left: Int, _ tokens: [Int32], _ table: MergeTable, _ heap: inout Heap<UInt64>) {
        let right = Int(next[left])
        merges[left] = right < tokens.count ? table[tokens[left], tokens[right]] : .none
        if merges[left] != .none { heap.insert(Self.entry(merges[left], at: left)) }
    }

    private func keepLinked(_ tokens: inout [Int32]) {
        var kept = 0
        var index = 0
        while index < tokens.count {
            tokens[kept] = tokens[index]
            kept += 1
            index = Int(next[index])
        }
        tokens.removeSubrange(kept...)
    }
}
