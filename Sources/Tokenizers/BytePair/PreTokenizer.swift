/// Cuts a text into the words within which tokens may merge.
struct PreTokenizer: Sendable {
    /// One cut along the matches of a pattern.
    struct Split: Sendable {
        let pattern: Pattern
        /// Whether what matches is a word.
        var keepsMatches = true
        /// Whether what lies between matches is one.
        var keepsGaps = true
    }

    /// Each split cuts the words of the one before.
    let splits: [Split]
    /// Whether a text that does not begin with a space gets one.
    let addsPrefixSpace: Bool

    func makeMatchers() -> [Matcher] {
        splits.map { Matcher($0.pattern) }
    }

    /// Calls `body` with each word of `text`, which is valid UTF-8, in order.
    func forEachWord(
        of text: UnsafeBufferPointer<UInt8>, using matchers: [Matcher],
        _ body: (UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        guard addsPrefixSpace, text.first != UInt8(ascii: " ") else {
            return try forEachWord(of: text, from: 0, using: matchers, body)
        }
        let padded = [UInt8(ascii: " ")] + text
        try padded.withUnsafeBufferPointer { (text) throws(TokenizerError) in
            try forEachWord(of: text, from: 0, using: matchers, body)
        }
    }

    private func forEachWord(
        of text: UnsafeBufferPointer<UInt8>, from stage: Int, using matchers: [Matcher],
        _ body: (UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        guard stage < splits.count else { return text.isEmpty ? () : try body(text) }
        let split = splits[stage]
        let matcher = matchers[stage]
        let isLast = stage == splits.count - 1
        func visit(_ range: Range<Int>) throws(TokenizerError) {
            guard !range.isEmpty else { return }
            let word = UnsafeBufferPointer(rebasing: text[range])
            try isLast ? body(word) : forEachWord(of: word, from: stage + 1, using: matchers, body)
        }
        var visited = 0
        var searched = 0
        while searched < text.count, let match = try matcher.firstMatch(in: text, from: searched) {
            searched = match.isEmpty ? Self.nextCharacter(in: text, after: match.upperBound) : match.upperBound
            guard !match.isEmpty else { continue }
            if split.keepsGaps { try visit(visited..<match.lowerBound) }
            if split.keepsMatches { try visit(match) }
            visited = match.upperBound
        }
        if split.keepsGaps { try visit(visited..<text.count) }
    }

    private static func nextCharacter(in text: UnsafeBufferPointer<UInt8>, after index: Int) -> Int {
        var next = index + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
