/// What two neighbouring tokens merge into, and how early.
struct MergeTable: Sendable {
    /// A rank (the smaller, the earlier) above the id of the merged token.
    struct Merge: Equatable, Sendable {
        static let none = Merge(packed: .max)

        fileprivate let packed: UInt64

        fileprivate init(packed: UInt64) {
            self.packed = packed
        }

        init(rank: UInt32, token: Int32) {
            packed = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: token))
        }

        var rank: UInt32 { UInt32(truncatingIfNeeded: packed >> 32) }
        var token: Int32 { Int32(truncatingIfNeeded: packed) }
    }

    private struct Slot {
        var pair: UInt64
        var merge: Merge
    }

    /// No pair of ids, which are not negative, has all bits set.
    private static let freePair = UInt64.max

    private var slots: [Slot]
    private var count = 0

    init(minimumCapacity: Int) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = Array(repeating: Slot(pair: Self.freePair, merge: .none), count: size)
    }

    /// The merge of `left` and `right`, `.none` if they do not merge.
    @inline(__always)
    subscript(left: Int32, right: Int32) -> Merge {
        slots[position(of: Self.key(left, right))].merge
    }

    /// Lets `left` and `right` merge; a later call for the same pair replaces the earlier.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
        if count * 2 >= slots.count { grow() }
        let pair = Self.key(left, right)
        let index = position(of: pair)
        if slots[index].pair == Self.freePair { count += 1 }
        slots[index] = Slot(pair: pair, merge: merge)
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(pair: Self.freePair, merge: .none), count: old.count * 2)
        for slot in old where slot.pair != Self.freePair { slots[position(of: slot.pair)] = slot }
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func position(of pair: UInt64) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[index].pair != pair, slots[index].pair != Self.freePair { index = (index + 1) & mask }
        return index
    }
}
