/// The bytes of every token by id, and the id by bytes.
struct Vocabulary: Sendable {
    /// The bytes of all tokens end to end; token `id` is `ends[id - 1]..<ends[id]`.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// An open-addressing table of ids; -1 marks a free slot.
    private var slots: [Int32]

    /// A vocabulary whose token `id` is `tokens[id]`. Only those for which `isSearchable` holds are found by their
    /// bytes; of two with equal bytes the first is.
    init(_ tokens: [[UInt8]], isSearchable: (Int) -> Bool) {
        var size = 16
        while size < tokens.count * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        for (id, token) in tokens.enumerated() {
            bytes += token
            ends.append(bytes.count)
            guard isSearchable(id) else { continue }
            let slot = token.withUnsafeBufferPointer { position(of: $0) }
            if slots[slot] < 0 { slots[slot] = Int32(id) }
        }
    }

    var count: Int { ends.count }

    /// The bytes of token `id`, which has to be in `0..<count`.
    func bytes(of id: Int) -> ArraySlice<UInt8> {
        bytes[(id == 0 ? 0 : ends[id - 1])..<ends[id]]
    }

    func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
        let id = slots[position(of: token)]
        return id < 0 ? nil : id
    }

    func id(of token: [UInt8]) -> Int32? {
        token.withUnsafeBufferPointer(id(of:))
    }

    private func position(of token: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hashValue(of: token) >> 32) & mask
        while slots[slot] >= 0, !bytes(of: Int(slots[slot])).elementsEqual(token) {
            slot = (slot + 1) & mask
        }
        return slot
    }
}
