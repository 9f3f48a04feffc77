/// A 64-bit digest of a dataset, stable across runs, machines and versions of the standard library.
///
/// FNV-1a's xor-multiply step taken on 64-bit little-endian words instead of bytes, with the high half folded back so that
/// every bit reaches the whole state. It finds accidents, not forgeries.
public struct Fingerprint: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    /// The digest of everything combined so far.
    public var value: UInt64 { KeyedHash.mix(state) }

    public mutating func combine(_ word: UInt64) {
        let product = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
        state = product ^ (product >> 32)
    }

    public mutating func combine(_ number: Int) { combine(UInt64(truncatingIfNeeded: number)) }

    /// Combines the length, then the bytes; the last word is padded with zeros.
    public mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        combine(bytes.count)
        var hash = self
        let wholeWords = bytes.count / 8 * 8
        for offset in stride(from: 0, to: wholeWords, by: 8) {
            hash.combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        if wholeWords < bytes.count {
            hash.combine(bytes[wholeWords...].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
        self = hash
    }
}
