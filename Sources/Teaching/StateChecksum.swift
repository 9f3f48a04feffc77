/// FNV-1a over 8 bytes at a time, of bytes that come in pieces: any single change makes another sum.
struct StateChecksum {
    private var hash: UInt64
    /// Bytes that do not make a word yet, the first one lowest.
    private var pending: UInt64 = 0
    private var pendingCount: UInt64 = 0

    /// - Parameter byteCount: of everything that will be added.
    init(byteCount: Int) {
        hash = 0xCBF2_9CE4_8422_2325 ^ UInt64(byteCount)
    }

    /// The sum, once everything has been added.
    var value: UInt64 {
        var hash = hash
        for place in 0..<pendingCount { hash = Self.mix(hash, pending >> (8 * place) & 0xFF) }
        return hash
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < bytes.count && pendingCount > 0 {
            add(bytes[offset])
            offset += 1
        }
        while offset + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            hash = Self.mix(hash, word)
            offset += 8
        }
        while offset < bytes.count {
            add(bytes[offset])
            offset += 1
        }
    }

    private mutating func add(_ byte: UInt8) {
        pending |= UInt64(byte) << (8 * pendingCount)
        pendingCount += 1
        guard pendingCount == 8 else { return }
        hash = Self.mix(hash, pending)
        (pending, pendingCount) = (0, 0)
    }

    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        (hash ^ word) &* 0x100_0000_01B3
    }
}
