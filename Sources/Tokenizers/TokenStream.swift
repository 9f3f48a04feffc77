/// Decodes ids one at a time, as a model generates them, and never gives out half a character.
///
/// The pieces given out, laid end to end with what `finish()` returns, are exactly `tokenizer.decode` of all the ids.
public struct TokenStream: Sendable {
    private let tokenizer: any Tokenizer
    /// The latest ids that give text by themselves. Decoded in front of the pending ones, they show the tokenizer whether
    /// a leading space counts, which it does not where a sequence begins, or after some added tokens.
    private var context: [Int32] = []
    private var contextLength = 0
    private var pending: [Int32] = []
    /// How many scalars of the pending ids' text have been given out.
    private var givenOut = 0

    public init(_ tokenizer: any Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// Takes the next id and returns the text that is now certain, often that of `id`, sometimes none.
    public mutating func append(_ id: Int32) throws(TokenizerError) -> String {
        let scalars = Array(try tokenizer.decode(context + pending + [id]).unicodeScalars)
        pending.append(id)
        let settled = scalars.count - Self.openTail(of: scalars)
        let piece = text(of: scalars, upTo: settled)
        if settled == scalars.count { try settle(textLength: settled) }
        return piece
    }

    /// Returns what was held back, each byte that never became a character as U+FFFD, and starts anew.
    public mutating func finish() throws(TokenizerError) -> String {
        let scalars = Array(try tokenizer.decode(context + pending).unicodeScalars)
        let piece = text(of: scalars, upTo: scalars.count)
        self = TokenStream(tokenizer)
        return piece
    }

    /// The number of trailing U+FFFD that later bytes may still complete: a character lacks at most three bytes.
    private static func openTail(of scalars: [Unicode.Scalar]) -> Int {
        scalars.suffix(3).reversed().prefix { $0 == "\u{FFFD}" }.count
    }

    private mutating func text(of scalars: [Unicode.Scalar], upTo end: Int) -> String {
        let start = contextLength + givenOut
        guard start < end else { return "" }
        givenOut = end - contextLength
        return String(String.UnicodeScalarView(scalars[start..<end]))
    }

    private mutating func settle(textLength: Int) throws(TokenizerError) {
        // Ids without text wait, as a leading space that is left out may be one of them.
        guard textLength > contextLength else { return }
        let length = try tokenizer.decode(pending).unicodeScalars.count
        if length > 0 { (context, contextLength) = (pending, length) }
        pending.removeAll(keepingCapacity: true)
        givenOut = 0
    }
}
