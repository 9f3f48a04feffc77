/// Several sequences of token ids in rows, each padded at its end to the longest.
public struct TokenBatch: Sendable, Equatable {
    /// The label of a place where nothing is to be predicted.
    public static let ignored: Int32 = -100

    /// Where a sequence lies.
    public struct Span: Sendable, Equatable {
        public let row: Int
        /// Its first place in the row.
        public let start: Int
        public let count: Int

        public var end: Int { start + count }
    }

    /// [B, T], row by row.
    public let tokens: [Int32]
    /// [B, T]: the token that should follow each place, negative where none counts.
    public let labels: [Int32]
    /// One a sequence, in the order asked for.
    public let spans: [Span]
    /// T, the longest row.
    public let width: Int
    /// B.
    public let rowCount: Int

    init(tokens: [Int32], labels: [Int32], spans: [Span], width: Int, rowCount: Int) {
        (self.tokens, self.labels, self.spans) = (tokens, labels, spans)
        (self.width, self.rowCount) = (width, rowCount)
    }

    /// Sequences of one length, one a row.
    ///
    /// - Parameter width: their length, which divides the number of tokens; there are as many labels.
    public init(tokens: [Int32], labels: [Int32], width: Int) {
        precondition(
            tokens.count == labels.count && tokens.count.isMultiple(of: width), "whole rows of tokens and labels")
        let rows = tokens.count / width
        self.init(
            tokens: tokens, labels: labels, spans: (0..<rows).map { Span(row: $0, start: 0, count: width) },
            width: width, rowCount: rows)
    }

    /// The first `count` places of each sequence.
    ///
    /// - Precondition: no row holds more than one sequence.
    public func beginning(_ count: Int) -> TokenBatch {
        precondition(!isPacked && count > 0, "whole rows are cut, to a token at least")
        guard count < width else { return self }
        func cut(_ values: [Int32]) -> [Int32] {
            (0..<rowCount).flatMap { values[$0 * width..<$0 * width + count] }
        }
        return TokenBatch(
            tokens: cut(tokens), labels: cut(labels),
            spans: spans.map { Span(row: $0.row, start: $0.start, count: min($0.count, count)) }, width: count,
            rowCount: rowCount)
    }

    /// The number of sequences.
    public var count: Int { spans.count }
    /// The tokens of each sequence.
    public var lengths: [Int] { spans.map(\.count) }
    /// Whether any row holds more than one sequence.
    public var isPacked: Bool { rowCount < count }

    /// B rows of T: the number of the sequence that each place belongs to, −1 for padding.
    public var owners: [[Int]] {
        var owners = Array(repeating: Array(repeating: -1, count: width), count: rowCount)
        for (number, span) in spans.enumerated() {
            for place in span.start..<span.end { owners[span.row][place] = number }
        }
        return owners
    }

    /// Where the places with something to predict are among the elements of all sequences: `sequence * count + place`, for
    /// those places in row-major order.
    public func labelledElements(of count: Int) -> [Int] {
        let owners = owners
        return labels.indices.filter { labels[$0] >= 0 }.map { index in
            let (row, column) = (index / width, index % width)
            let sequence = owners[row][column]
            return sequence * count + column - spans[sequence].start
        }
    }
}

/// How sequences are laid into rows.
enum RowLayout {
    /// Each into the first row that has room for it, the longest first: at most 11/9 of the fewest rows, and one more
    /// (Johnson, "Near-optimal bin packing algorithms", 1973).
    ///
    /// - Parameter limit: the most tokens of a row; a longer sequence gets one of its own. One sequence a row where nil.
    static func spans(of lengths: [Int], limit: Int?) -> [TokenBatch.Span] {
        guard let limit else { return lengths.indices.map { .init(row: $0, start: 0, count: lengths[$0]) } }
        var spans = lengths.map { TokenBatch.Span(row: 0, start: 0, count: $0) }
        var filled: [Int] = []
        for number in lengths.indices.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) {
            let length = lengths[number]
            let row = filled.firstIndex { $0 + length <= limit } ?? filled.count
            if row == filled.count { filled.append(0) }
            spans[number] = .init(row: row, start: filled[row], count: length)
            filled[row] += length
        }
        return spans
    }
}
