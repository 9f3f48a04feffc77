import Testing

@testable import Tokenizers

@Suite("Merging by rank")
struct PairMergerTests {
    @Test("The scan and the heap give what the definition gives", arguments: [UInt64](0..<40))
    func equalsDefinition(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let table = Self.randomTable(using: &generator)
        let merger = PairMerger()
        for _ in 0..<30 {
            let count = Int.random(in: 0...120, using: &generator)
            let word = (0..<count).map { _ in Int32.random(in: 0..<4, using: &generator) }
            let expected = Self.mergeByDefinition(word, by: table)
            var scanned = word
            merger.mergeByScan(&scanned, by: table)
            #expect(scanned == expected)
            var heaped = word
            merger.mergeByHeap(&heaped, by: table)
            #expect(heaped == expected)
        }
    }

    @Test("A word of 65,536 tokens merges without a quadratic search", .timeLimit(.minutes(1)))
    func mergesLongWords() {
        var table = MergeTable(minimumCapacity: 20)
        for level in 0..<20 {
            table.insert(Int32(level), Int32(level), .init(rank: UInt32(level), token: Int32(level + 1)))
        }
        var word = [Int32](repeating: 0, count: 1 << 16)
        PairMerger().merge(&word, by: table)
        #expect(word == [16])
    }

    @Test("A later merge of the same pair replaces the earlier, and the table grows as needed")
    func tableKeepsLatest() {
        var table = MergeTable(minimumCapacity: 0)
        for token in Int32(0)..<500 { table.insert(token, token * 7, .init(rank: 1, token: token)) }
        table.insert(3, 21, .init(rank: 9, token: 42))
        #expect(table[3, 21] == .init(rank: 9, token: 42))
        #expect(table[499, 3493].token == 499)
        #expect(table[21, 3] == .none)
    }

    /// Merges of few tokens, many of them of equal rank.
    private static func randomTable(using generator: inout SeededGenerator) -> MergeTable {
        var table = MergeTable(minimumCapacity: 8)
        for token in Int32(4)..<20 {
            let left = Int32.random(in: 0..<token, using: &generator)
            let right = Int32.random(in: 0..<token, using: &generator)
            table.insert(left, right, .init(rank: UInt32.random(in: 0..<8, using: &generator), token: token))
        }
        return table
    }

    private static func mergeByDefinition(_ word: [Int32], by table: MergeTable) -> [Int32] {
        var word = word
        while true {
            let merges = zip(word, word.dropFirst()).map { table[$0, $1] }
            guard let rank = merges.filter({ $0 != .none }).map(\.rank).min(),
                let index = merges.firstIndex(where: { $0.rank == rank && $0 != .none })
            else { return word }
            word.replaceSubrange(index...index + 1, with: [merges[index].token])
        }
    }
}

@Suite("Cache of words")
struct WordCacheTests {
    @Test("It gives back what was put in, or nothing, however many words come", arguments: [UInt64](0..<5))
    func neverLies(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let cache = WordCache(capacityExponent: 6)
        var hits = 0
        for _ in 0..<5000 {
            let word = Self.word(Int.random(in: 0..<90, using: &generator))
            var ids: [Int32] = [-1]
            let found = word.withUnsafeBufferPointer { cache.append($0, to: &ids) }
            if found {
                hits += 1
                #expect(ids == [-1] + Self.ids(of: word))
            } else {
                #expect(ids == [-1])
                word.withUnsafeBufferPointer { cache.insert($0, ids: Self.ids(of: word)[...]) }
            }
        }
        #expect(hits > 500)
    }

    @Test("A word longer than 64 bytes is not kept")
    func leavesLongWords() {
        let cache = WordCache()
        let word = [UInt8](repeating: 65, count: 65)
        var ids: [Int32] = []
        word.withUnsafeBufferPointer { cache.insert($0, ids: [1]) }
        #expect(!word.withUnsafeBufferPointer { cache.append($0, to: &ids) })
    }

    private static func word(_ number: Int) -> [UInt8] {
        Array(repeating: UInt8(number), count: 1 + number % 13)
    }

    private static func ids(of word: [UInt8]) -> [Int32] {
        word.prefix(3).map(Int32.init) + [Int32(word.count)]
    }
}
