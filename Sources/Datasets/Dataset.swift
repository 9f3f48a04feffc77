/// Examples numbered `0..<count`, of which any list can be made into one batch.
///
/// A batch is a pure function of its example numbers and the view: collating the same list twice, on any thread, before
/// or after a resume, gives the same content.
public protocol Dataset: Sendable {
    /// What one batch holds, as plain host buffers.
    associatedtype Content: Sendable

    /// The number of examples.
    var count: Int { get }

    /// A stable 64-bit digest of the data itself, by which a resume on different data can be refused.
    /// It reads everything once: keep the value rather than asking again.
    var fingerprint: UInt64 { get }

    /// Makes one batch of the examples of the given numbers, in their order; a number may occur more than once.
    func collate(_ examples: [Int32], view: View) throws -> Content

    /// An order in which batches of these examples waste less: positions in `examples`, each once. Nil where their own
    /// order is as good. A pure function too.
    func arrangement(of examples: [Int32], batchSize: Int, seed: UInt64, visit: Int) -> [Int]?
}

extension Dataset {
    public func arrangement(of examples: [Int32], batchSize: Int, seed: UInt64, visit: Int) -> [Int]? { nil }
}

/// How examples are seen when they are collated.
public enum View: Sendable, Hashable {
    /// As stored: for evaluation and scoring.
    case plain

    /// As the dataset's augmentation draws them. The draws depend on the seed, the visit (usually the epoch) and the
    /// example number alone, never on what was drawn before.
    case augmented(seed: UInt64, visit: Int)
}
