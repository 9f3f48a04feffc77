/// Random bits as a function of keys, so that a draw never depends on the draws before it.
///
/// Each key is absorbed by the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014), a bijection in which each input bit flips each output bit with a chance near one half.
struct KeyedHash {
    private(set) var bits: UInt64

    init(seed: UInt64) { bits = Self.mix(seed) }

    func keyed(by key: Int) -> KeyedHash {
        var next = self
        next.bits = Self.mix(bits ^ UInt64(truncatingIfNeeded: key))
        return next
    }

    /// A number in `0..<bound`, the bias of which is at most `bound / 2^64`.
    func below(_ bound: Int) -> Int { Int(UInt64(bound).multipliedFullWidth(by: bits).high) }

    /// A number in 0..<1, above 0, of 53 random bits.
    var uniform: Double { (Double(bits >> 11) + 0.5) * 0x1p-53 }

    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
