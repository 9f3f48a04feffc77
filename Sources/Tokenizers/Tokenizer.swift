/// Turns text into token ids and back.
///
/// A conformer is immutable once loaded and may be used from several threads at once.
public protocol Tokenizer: Sendable {
    /// The number of ids: every id lies in `0..<vocabularySize`.
    var vocabularySize: Int { get }
    /// The id that begins a sequence, where the vocabulary has one.
    var bosID: Int32? { get }
    /// The id that ends a sequence, where the vocabulary has one.
    var eosID: Int32? { get }
    /// The id that fills a batch up, where the vocabulary has one.
    var padID: Int32? { get }

    /// The ids of `text`; with `addingSpecialTokens`, framed by those the tokenizer's own files put around a sequence.
    func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32]

    /// The text of `ids`. Special tokens leave no text; bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Throws: `TokenizerError.unknownID` for an id outside the vocabulary.
    func decode(_ ids: [Int32]) throws(TokenizerError) -> String
}

/// The ids with a part to play in a sequence. A tokenizer's file may leave them open, so a caller can say.
public struct SpecialTokenIDs: Equatable, Sendable {
    public var bos: Int32?
    public var eos: Int32?
    public var pad: Int32?

    public init(bos: Int32? = nil, eos: Int32? = nil, pad: Int32? = nil) {
        self.bos = bos
        self.eos = eos
        self.pad = pad
    }
}
