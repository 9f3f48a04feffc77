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
    }

    /// Where the texts come from, for errors.
    public let source: String
    let tokens: [Int32]
    let examples: [Example]
    private let padID: Int32

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
        }
        return digest.value
    }

    /// The same in every view.
    public func collate(_ numbers: [Int32], view: View) throws(DatasetError) -> TokenBatch {
        for number in numbers where !examples.indices.contains(Int(number)) {
            throw .exampleOutOfRange(source: source, example: Int(number), count: count)
        }
        let chosen = numbers.map { examples[Int($0)] }
        let width = chosen.reduce(0) { max($0, $1.count - 1) }
        var inputs: [Int32] = []
        var labels: [Int32] = []
        inputs.reserveCapacity(chosen.count * width)
        labels.reserveCapacity(chosen.count * width)
        for example in chosen {
            let (length, end) = (example.count - 1, example.start + example.count)
            inputs += tokens[example.start..<end - 1]
            inputs += repeatElement(padID, count: width - length)
            labels += repeatElement(TokenBatch.ignored, count: example.firstTarget - 1)
            labels += tokens[example.start + example.firstTarget..<end]
            labels += repeatElement(TokenBatch.ignored, count: width - length)
        }
        return TokenBatch(tokens: inputs, labels: labels, lengths: chosen.map { $0.count - 1 }, width: width)
    }

    /// The tokens of an example that are given, and those to predict.
    public func parts(of number: Int) -> (prompt: [Int32], response: [Int32]) {
        let example = examples[number]
        let sequence = tokens[example.start..<example.start + example.count]
        return (Array(sequence.prefix(example.firstTarget)), Array(sequence.dropFirst(example.firstTarget)))
    }

    /// Some of the examples, over the same storage.
    func chosen(_ numbers: some Sequence<Int>) throws(DatasetError) -> TextDataset {
        try TextDataset(source: source, tokens: tokens, examples: numbers.map { examples[$0] }, padID: padID)
    }

    /// Holds out a share of the examples, the same ones every time.
    public func split(testShare: Double) throws(DatasetError) -> (training: TextDataset, validation: TextDataset) {
        let order = examples.indices.sorted {
            (KeyedHash(seed: 0).keyed(by: $0).bits, $0) < (KeyedHash(seed: 0).keyed(by: $1).bits, $1)
        }
        let heldOut = Int((testShare * Double(count)).rounded())
        return (try chosen(order.dropFirst(heldOut).sorted()), try chosen(order.prefix(heldOut).sorted()))
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
            examples.append(.init(start: start, count: count, firstTarget: 1))
        }
    }

    /// What kept an exchange from becoming an example.
    enum Obstacle: Error {
        case promptTooLong(tokens: Int)
        case nothingToLearn
        case tokenizer(TokenizerError)
    }

    /// A prompt and the response that is learnt, which is cut off where the context ends.
    ///
    /// Both are encoded as one text: a token across their border counts as the response's.
    mutating func append(prompt: String, response: String) throws(Obstacle) {
        let (given, whole): ([Int32], [Int32])
        do throws(TokenizerError) {
            given = try tokenizer.encode(prompt, addingSpecialTokens: true)
            whole = try tokenizer.encode(prompt + response, addingSpecialTokens: true)
        } catch { throw .tokenizer(error) }
        var ids = whole
        if let end = tokenizer.eosID, ids.last != end { ids.append(end) }
        let border = max(1, zip(given, ids).prefix { $0 == $1 }.count)
        guard border < ids.count else { throw .nothingToLearn }
        guard border <= context else { throw .promptTooLong(tokens: border) }
        ids.removeLast(max(0, ids.count - context - 1))
        examples.append(.init(start: tokens.count, count: ids.count, firstTarget: border))
        tokens += ids
    }

    func finish() throws(DatasetError) -> TextDataset {
        try TextDataset(
            source: source, tokens: tokens, examples: examples,
            padID: tokenizer.padID ?? tokenizer.eosID ?? 0)
    }
}
