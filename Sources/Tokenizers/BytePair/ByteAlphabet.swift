/// The printable characters that stand for the 256 bytes in the files of a byte-level BPE.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2): bytes that print in
/// Latin-1 stand for themselves, the others take U+0100 and up, in order.
enum ByteAlphabet {
    private static let byteOfScalar: [UInt8?] = {
        var table = [UInt8?](repeating: nil, count: 0x144)
        var next = 0x100
        for byte in UInt8.min...UInt8.max {
            let prints = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            table[prints ? Int(byte) : next] = byte
            if !prints { next += 1 }
        }
        return table
    }()

    /// The bytes that `token` stands for, or nil if it holds a character outside the alphabet.
    static func bytes(of token: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(token.utf8.count)
        for scalar in token.unicodeScalars {
            guard scalar.value < 0x144, let byte = byteOfScalar[Int(scalar.value)] else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
