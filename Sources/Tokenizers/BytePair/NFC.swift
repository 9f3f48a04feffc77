import Foundation

extension String {
    /// This text in Unicode's normalisation form C.
    var inNFC: String {
        // Foundation composes before it has put the marks in order where a character decomposes into several, such as
        // U+0F75; after a decomposition of its own it has none left.
        decomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping
    }
}

extension ArraySlice<UInt8> {
    /// This UTF-8 in Unicode's normalisation form C.
    var inNFC: [UInt8] {
        isSurelyNFC ? Array(self) : Array(String(decoding: self, as: UTF8.self).inNFC.utf8)
    }

    /// Whether each scalar is below U+0300, in U+4000...U+9FFF or in U+1F000...U+1FFFF, where nothing composes.
    private var isSurelyNFC: Bool {
        for index in indices where self[index] >= 0xCC {
            let isIdeograph = (0xE4...0xE9).contains(self[index])
            let isPictograph = self[index] == 0xF0 && self[index + 1] == 0x9F
            guard isIdeograph || isPictograph else { return false }
        }
        return true
    }
}
