/// Remembers the ids of words already encoded, within a fixed amount of memory: when it is full it starts anew.
///
/// An open-addressing table over two arenas, so that a hit allocates nothing.
final class WordCache {
    private struct Slot {
        var hash: UInt64 = 0
        var word: UInt32 = 0
        var wordCount: UInt32 = 0
        var ids: UInt32 = 0
        /// Zero marks a free slot: a word without ids is not kept.
        var idCount: UInt32 = 0
    }

    /// A longer word hardly comes twice.
    private static let longestWord = 64

    private let capacity: Int
    private let mask: Int
    private var slots: [Slot]
    private var words: [UInt8] = []
    private var ids: [Int32] = []
    private var count = 0

    convenience init() {
        self.init(capacityExponent: 16)
    }

    /// A cache of at most ¾ · 2^`capacityExponent` words.
    init(capacityExponent: Int) {
        let size = 1 << capacityExponent
        slots = Array(repeating: Slot(), count: size)
        mask = size - 1
        capacity = size / 4 * 3
    }

    /// Appends the ids of `word` if they are known, and says whether they were.
    @inline(__always)
    func append(_ word: UnsafeBufferPointer<UInt8>, to output: inout [Int32]) -> Bool {
        guard word.count <= Self.longestWord, !word.isEmpty else { return false }
        let slot = slots[position(of: word, hash: hashValue(of: word))]
        guard slot.idCount > 0 else { return false }
        if slot.idCount == 1 {
            output.append(ids[Int(slot.ids)])
        } else {
            output.append(contentsOf: ids[Int(slot.ids)..<Int(slot.ids + slot.idCount)])
        }
        return true
    }

    /// Remembers the ids of a word that is not in the cache yet.
    func insert(_ word: UnsafeBufferPointer<UInt8>, ids newIDs: ArraySlice<Int32>) {
        guard word.count <= Self.longestWord, !word.isEmpty, !newIDs.isEmpty else { return }
        if count == capacity { removeAll() }
        let hash = hashValue(of: word)
        slots[position(of: word, hash: hash)] = Slot(
            hash: hash, word: UInt32(words.count), wordCount: UInt32(word.count), ids: UInt32(ids.count),
            idCount: UInt32(newIDs.count))
        words.append(contentsOf: word)
        ids.append(contentsOf: newIDs)
        count += 1
    }

    private func removeAll() {
        for index in slots.indices { slots[index] = Slot() }
        words.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Where `word` is, or the free slot where it belongs.
    @inline(__always)
    private func position(of word: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: hash >> 32) & mask
        while slots[index].idCount > 0 {
            if slots[index].hash == hash, matches(slots[index], word) { return index }
            index = (index + 1) & mask
        }
        return index
    }

    @inline(__always)
    private func matches(_ slot: Slot, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard slot.wordCount == word.count else { return false }
        return words.withUnsafeBufferPointer { words in
            let kept = UnsafeBufferPointer(rebasing: words[Int(slot.word)..<Int(slot.word + slot.wordCount)])
            return kept.elementsEqual(word)
        }
    }
}

/// A multiplicative hash over eight bytes at a time, its high half the best mixed.
@inline(__always)
func hashValue(of word: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
    let bytes = UnsafeRawBufferPointer(word)
    var hash = UInt64(truncatingIfNeeded: word.count) &* multiplier
    var index = 0
    while index + 8 <= bytes.count {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* multiplier
        hash ^= hash >> 29
        index += 8
    }
    var tail: UInt64 = 0
    while index < bytes.count {
        tail = tail << 8 | UInt64(bytes[index])
        index += 1
    }
    hash = (hash ^ tail) &* multiplier
    return hash ^ hash >> 29
}
