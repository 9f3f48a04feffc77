extension TextDataset {
    /// Batches drawn together before they are sorted: enough for rows of nearly one length, few enough that most of the
    /// teacher's order stays.
    private static let pool = 32

    /// Rows of similar length go together, so that little is padded: pools of 32 batches are sorted by length, cut into
    /// batches and these shuffled. Packed rows and examples of one length stay as they are.
    public func arrangement(of numbers: [Int32], batchSize: Int, seed: UInt64, visit: Int) -> [Int]? {
        let lengths = numbers.map { examples[Int($0)].count }
        guard rowLimit == nil, batchSize > 1, lengths.contains(where: { $0 != lengths[0] }) else { return nil }
        var batches: [ArraySlice<Int>] = []
        for start in stride(from: 0, to: numbers.count, by: Self.pool * batchSize) {
            let end = min(start + Self.pool * batchSize, numbers.count)
            let sorted = (start..<end).sorted { (lengths[$0], $0) < (lengths[$1], $1) }
            batches += stride(from: 0, to: sorted.count, by: batchSize).map { sorted[$0...].prefix(batchSize) }
        }
        // A batch that is not full can only be the last.
        let whole = batches.count - (numbers.count % batchSize == 0 ? 0 : 1)
        let hash = KeyedHash(seed: seed).keyed(by: visit)
        let order = (0..<whole).sorted { (hash.keyed(by: $0).bits, $0) < (hash.keyed(by: $1).bits, $1) }
        return (order + Array(whole..<batches.count)).flatMap { batches[$0] }
    }
}
