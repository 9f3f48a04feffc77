/// Several sequences of token ids, each padded at its end to the longest.
public struct TokenBatch: Sendable, Equatable {
    /// The label of a place where nothing is to be predicted.
    public static let ignored: Int32 = -100

    /// [B, T], row by row.
    public let tokens: [Int32]
    /// [B, T]: the token that should follow each place, negative where none counts.
    public let labels: [Int32]
    /// [B], the tokens of each row before its padding.
    public let lengths: [Int]
    /// T, the longest of them.
    public let width: Int

    /// The number of sequences.
    public var count: Int { lengths.count }
}
