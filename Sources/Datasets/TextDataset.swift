import Tokenizers

/// Sequences of tokens, of which each predicts the next one, or only those of a response.
public struct TextDataset: Dataset {
    /// One sequence within the storage.
    struct Example: Sendable {
        /// Its first token.
        var start: Int
        /// Its tokens, the last of which is only predicted.
        var count: Int
        /// The first token that is predicted, at least 1: what is before it is given.
        var firstTarget: Int
        /// Tokens after that which are given too, such as the later questions of a conversation.
        var given: [Range<Int>] = []
        /// Whether it goes on with the text of the example before it, as one record.
        var continues = false
    }

    /// Where the texts come from, for errors.
    public let source: String
    let tokens: [Int32]
    let examples: [Example]
    private let padID: Int32
    /// The most tokens of a row that holds several examples; every row holds one where nil.
    private(set) var rowLimit: Int?

    init(source: String, tokens: [Int32], examples: [Example], padID: Int32) throws(DatasetError) {
        guard !examples.isEmpty else { throw .empty(source: source) }
        (self.source, self.tokens, self.examples, self.padID) = (source, tokens, examples, padID)
    }

    public var count: Int { examples.count }

    public var fingerprint: UInt64 {
        var digest = Fingerprint()
        tokens.withUnsafeBytes { digest.combine($0) }
        for example in examples {
            digest.combine(example.start)
            digest.combine(example.count)
            digest.combine(example.firstTarget)
            for range in example.given {
                digest.combine(range.lowerBound)
                digest.combine(range.upperBound)
            }
        }
        return digest.value
    }

    /// The same in every view.
    public func collate(_ numbers: [Int32], view: View) throws(DatasetError) -> TokenBatch {
        for number in numbers where !examples.indices.contains(Int(number)) {
            throw .exampleOutOfRange(source: source, example: Int(number), count: count)
        }
        let chosen = numbers.map { examples[Int($0)] }
        let spans = RowLayout.spans(of: chosen.map { $0.count - 1 }, limit: rowLimit)
        let width = spans.reduce(0) { max($0, $1.end) }
        let rowCount = spans.reduce(0) { max($0, $1.row + 1) }
        var inputs = [Int32](repeating: padID, count: rowCount * width)
        var labels = [Int32](repeating: TokenBatch.ignored, count: rowCount * width)
        for (example, span) in zip(chosen, spans) {
            let first = span.row * width + span.start
            inputs.replaceSubrange(first..<first + span.count, with: tokens[example.start...].prefix(span.count))
            labels.replaceSubrange(first..<first + span.count, with: self.labels(of: example))
        }
        return TokenBatch(tokens: inputs, labels: labels, spans: spans, width: width, rowCount: rowCount)
    }

    /// What should follow each token of an example but the last.
    private func labels(of example: Example) -> [Int32] {
        var labels = Array(tokens[example.start + 1..<example.start + example.count])
        for range in [1..<example.firstTarget] + example.given {
            for place in range { labels[place - 1] = TokenBatch.ignored }
        }
        return labels
    }

    /// The tokens of an example before the first that is predicted, and the others.
    public func parts(of number: Int) -> (prompt: [Int32], response: [Int32]) {
        let example = examples[number]
        let sequence = tokens[example.start..<example.start + example.count]
        return (Array(sequence.prefix(example.firstTarget)), Array(sequence.dropFirst(example.firstTarget)))
    }

    /// Some of the examples, over the same storage.
    func chosen(_ numbers: some Sequence<Int>) throws(DatasetError) -> TextDataset {
        var part = try TextDataset(source: source, tokens: tokens, examples: numbers.map { examples[$0] }, padID: padID)
        part.rowLimit = rowLimit
        return part
    }

    /// The same examples, several of which share a row of a batch.
    ///
    /// - Parameter limit: the most tokens of a row; a longer example gets one of its own.
    public func packed(intoRowsOf limit: Int) -> TextDataset {
        var packed = self
        packed.rowLimit = limit
        return packed
    }

    /// Holds out a share of the records, the same ones every time; all examples of a text lie on one side.
    public func split(testShare: Double) throws(DatasetError) -> (training: TextDataset, validation: TextDataset) {
        let starts = examples.indices.filter { $0 == 0 || !examples[$0].continues }
        let heldOut = Int((testShare * Double(starts.count)).rounded())
        guard starts.count > 1 else {
            throw .invalidSetting(
                name: source, found: "1 record", expected: "at least 2, since whole ones are held out, or a test_path")
        }
        guard heldOut > 0, heldOut < starts.count else {
            throw .invalidSetting(
                name: source,
                found: "a test_share of \(testShare), which holds out \(heldOut) of \(starts.count) records",
                expected: "one that holds out at least 1 and leaves at least 1")
        }
        let order = starts.indices.sorted {
            (KeyedHash(seed: 0).keyed(by: $0).bits, $0) < (KeyedHash(seed: 0).keyed(by: $1).bits, $1)
        }
        func members(_ records: ArraySlice<Int>) -> [Int] {
            records.sorted().flatMap { starts[$0]..<($0 + 1 < starts.count ? starts[$0 + 1] : count) }
        }
        return (try chosen(members(order.dropFirst(heldOut))), try chosen(members(order.prefix(heldOut))))
    }

    /// The first `count` examples, or all.
    public func limited(to count: Int) throws(DatasetError) -> TextDataset {
        try chosen(0..<min(count, examples.count))
    }
}

/// Gathers examples one after the other.
struct TextDatasetBuilder {
    let source: String
    let tokenizer: any Tokenizer
    /// The most tokens that an example feeds to the learner.
    let context: Int
    private var tokens: [Int32] = []
    private var examples: [TextDataset.Example] = []

    init(source: String, tokenizer: any Tokenizer, context: Int) {
        precondition(context >= 1, "a context of at least one token")
        (self.source, self.tokenizer, self.context) = (source, tokenizer, context)
    }

    /// Cuts a text into blocks of `context` tokens, each of which also predicts the first token of the next.
    mutating func append(text ids: some Collection<Int32>) {
        let first = tokens.count
        tokens += ids
        for start in stride(from: first, to: tokens.count - 1, by: context) {
            let count = min(context + 1, tokens.count - start)
            examples.append(.init(start: start, count: count, firstTarget: 1, continues: start > first))
        }
    }

    /// What kept an exchange from becoming an example.
    enum Obstacle: Error {
        case promptTooLong(tokens: Int)
        case nothingToLearn
        case tokenizer(TokenizerError)
    }

    /// A prompt and the response that is learnt.
    mutating func append(prompt: String, response: String) throws(Obstacle) {
        try append([.init(prompt: prompt, response: response)])
    }

    /// A conversation, whose responses are learnt; it is cut off where the context ends.
    mutating func append(_ exchanges: [TextRecords.Exchange]) throws(Obstacle) {
        var (ids, given): ([Int32], [Range<Int>]) = ([], [])
        for exchange in exchanges {
            let (whole, border) = try encode(exchange, isFirst: ids.isEmpty)
            given.append(ids.count..<ids.count + border)
            ids += whole
        }
        guard let first = given.first else { throw .nothingToLearn }
        guard first.count <= context else { throw .promptTooLong(tokens: first.count) }
        ids.removeLast(max(0, ids.count - context - 1))
        let later = given.dropFirst().map { $0.clamped(to: 0..<ids.count) }.filter { !$0.isEmpty }
        examples.append(.init(start: tokens.count, count: ids.count, firstTarget: first.count, given: later))
        tokens += ids
    }

    /// A token across the border of prompt and response counts as the response's.
    ///
    /// - Returns: all tokens, and how many of them are given.
    private func encode(
        _ exchange: TextRecords.Exchange, isFirst: Bool
    ) throws(Obstacle) -> (ids: [Int32], border: Int) {
        let given: [Int32]
        let ids: [Int32]
        do throws(TokenizerError) {
            given = try tokenizer.encode(exchange.prompt, addingSpecialTokens: isFirst)
            ids = try exchange.tokens(tokenizer, isFirst: isFirst)
        } catch { throw .tokenizer(error) }
        let border = max(isFirst ? 1 : 0, zip(given, ids).prefix { $0 == $1 }.count)
        guard border < ids.count else { throw .nothingToLearn }
        return (ids, border)
    }

    func finish() throws(DatasetError) -> TextDataset {
        try TextDataset(
            source: source, tokens: tokens, examples: examples,
            padID: tokenizer.padID ?? tokenizer.eosID ?? 0)
    }
}

extension TextRecords.Exchange {
    /// Prompt and response, encoded as one text, and the token that ends a sequence.
    ///
    /// - Parameter isFirst: whether the conversation begins with it.
    fileprivate func tokens(_ tokenizer: any Tokenizer, isFirst: Bool) throws(TokenizerError) -> [Int32] {
        var ids = try tokenizer.encode(prompt + response, addingSpecialTokens: isFirst)
        if let end = tokenizer.eosID, ids.last != end { ids.append(end) }
        return ids
    }
}

extension TextRecords {
    /// The tokens of a conversation up to where its last response begins, the same as where it is learnt from.
    public static func promptTokens(
        of conversation: [Exchange], _ tokenizer: any Tokenizer
    ) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        for exchange in conversation.dropLast() { ids += try exchange.tokens(tokenizer, isFirst: ids.isEmpty) }
        guard let last = conversation.last else { return ids }
        ids += try tokenizer.encode(last.prompt, addingSpecialTokens: ids.isEmpty)
        // Some tokenizers end every text as a sequence, and this one goes on.
        if let end = tokenizer.eosID, ids.last == end { ids.removeLast() }
        return ids
    }
}
