/// The table by which a SentencePiece model normalises text, `precompiled_charsmap`: the size of a trie in bytes, the
/// trie as a double array of 32-bit units, and the zero-terminated replacements that its values point into.
///
/// libsentencepiece follows the trie wherever it leads; here it is made sure that it leads nowhere outside.
/// Source: https://github.com/s-yata/darts-clone, include/darts.h
enum CharacterMap {
    private static let unitSize = 4

    static func check(_ map: ArraySlice<UInt8>) throws(ProtobufReader.Fault) {
        guard !map.isEmpty else { return }
        let start = map.startIndex
        let size = map.count < unitSize ? 0 : Int(unit(map, at: 0))
        let replacements = map.dropFirst(unitSize + size)
        guard size > 0, size.isMultiple(of: unitSize), replacements.last == 0 else {
            throw .init(offset: start, found: "a table of characters whose sizes do not fit")
        }
        let count = size / unitSize
        for index in 0..<count {
            let unit = unit(map, at: index + 1)
            // A value is never gone through, but the root always is.
            let isValue = unit >> 31 == 1
            guard !isValue || index == 0 else { continue }
            let next = index ^ Int((unit >> 10) << ((unit & 0x200) >> 6))
            let hasValue = unit >> 8 & 1 == 1
            // A next byte picks any of the 256 units around `next`.
            guard next | 0xFF < count,
                !hasValue || Int(self.unit(map, at: next + 1) & 0x7FFF_FFFF) < replacements.count
            else {
                throw .init(
                    offset: start + (index + 1) * unitSize, found: "a table of characters that points outside itself")
            }
        }
    }

    private static func unit(_ map: ArraySlice<UInt8>, at index: Int) -> UInt32 {
        let start = map.startIndex + index * unitSize
        return map[start..<start + unitSize].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
