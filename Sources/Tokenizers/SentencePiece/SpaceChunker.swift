/// Encodes a text chunk by chunk, each beginning at a space, and remembers the chunks it has met.
///
/// Exact where `SentencePieceModelLayout.spaceMarkerID` is not nil: there the processor turns spaces into U+2581 and
/// puts one in front, and as no piece holds U+2581 behind another character, no merge crosses the start of a run of
/// spaces. The space that begins a chunk is left out, as the processor puts it back.
struct SpaceChunker: Sendable {
    /// The id of U+2581 alone: what a lone space at the end of a text becomes.
    private let spaceMarkerID: Int32
    private let caches = Pool(WordCache.init)

    init(spaceMarkerID: Int32) {
        self.spaceMarkerID = spaceMarkerID
    }

    func encode(_ text: [UInt8], with processor: Processor, into ids: inout [Int32]) throws(TokenizerError) {
        // U+2581 in the text itself counts as a space to the processor, so such a text goes whole.
        if text.containsSpaceMarker {
            return try processor.encode(text[...], into: &ids)
        }
        let cache = caches.take()
        defer { caches.give(cache) }
        var start = 0
        for index in text.indices.dropFirst() where text[index] == UInt8(ascii: " ") {
            guard text[index - 1] != UInt8(ascii: " ") else { continue }
            try encode(text[start..<index], with: processor, cache: cache, into: &ids)
            start = index + 1
        }
        if start == text.count, start > 0 {
            ids.append(spaceMarkerID)
        } else {
            try encode(text[start...], with: processor, cache: cache, into: &ids)
        }
    }

    private func encode(
        _ chunk: ArraySlice<UInt8>, with processor: Processor, cache: WordCache, into ids: inout [Int32]
    ) throws(TokenizerError) {
        let found = chunk.withUnsafeBufferPointer { cache.append($0, to: &ids) }
        if found { return }
        let first = ids.count
        try processor.encode(chunk, into: &ids)
        chunk.withUnsafeBufferPointer { cache.insert($0, ids: ids[first...]) }
    }
}

extension [UInt8] {
    /// Whether U+2581, SentencePiece's mark for a space, occurs: E2 96 81 in UTF-8.
    fileprivate var containsSpaceMarker: Bool {
        var from = startIndex
        while let lead = self[from...].firstIndex(of: 0xE2) {
            if lead + 2 < endIndex, self[lead + 1] == 0x96, self[lead + 2] == 0x81 { return true }
            from = lead + 1
        }
        return false
    }
}
