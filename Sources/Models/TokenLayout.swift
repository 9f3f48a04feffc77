import Torch

/// Where the tokens of a batch stand: their positions, and which of a row belong together.
///
/// A token sees those of its own segment that do not come after it. Padding at the end of a row needs nothing of this, since
/// no other token sees it; rows that hold several examples, or padding in front, name their segments.
public struct TokenLayout: Sendable {
    /// [1 or B, T], each token's position within its own example.
    public let positions: Tensor
    /// [B, T], a number of the example each token belongs to, unequal for different examples of a row; nil where every row is
    /// one example.
    public let segments: Tensor?
    /// More than any two positions of a row differ by.
    let span: Int

    private init(_ positions: Tensor, _ segments: Tensor?, span: Int) {
        (self.positions, self.segments, self.span) = (positions, segments, span)
    }

    /// One example a row, tokens at `start`, `start` + 1, ….
    public init(length: Int, startingAt start: Int = 0, device: Device = .cpu) throws(TorchError) {
        let positions = try Tensor.arange(start + length, device: device).sliced(0, start..<start + length)
        self.init(try positions.unsqueezed(0), nil, span: start + length)
    }

    /// Several examples a row, in runs of equal numbers; positions restart with every run.
    ///
    /// - Parameter segments: B rows of T numbers. Padding is a run of its own, under any number.
    public init(segments: [[Int]], device: Device = .cpu) throws(TorchError) {
        let length = segments.first?.count ?? 0
        precondition(segments.allSatisfy { $0.count == length }, "rows of one length")
        var positions: [Int64] = []
        for row in segments {
            var start = 0
            for index in row.indices {
                if index > 0, row[index] != row[index - 1] { start = index }
                positions.append(Int64(index - start))
            }
        }
        let shape = [segments.count, length]
        self.init(
            try Tensor(positions, shape: shape, device: device),
            try Tensor(segments.joined().map(Int64.init), shape: shape, device: device), span: length)
    }

    /// The tokens of some columns, such as the next ones of a batch that is fed in parts.
    public func sliced(_ columns: Range<Int>) throws(TorchError) -> TokenLayout {
        TokenLayout(try positions.sliced(1, columns), try segments?.sliced(1, columns), span: span)
    }

    /// The given layout, else one example a row from where the cache ends.
    static func of(_ tokens: Tensor, _ given: TokenLayout?, after cache: KeyValueCache?) throws(TorchError)
        -> TokenLayout
    {
        if let given { return given }
        return try TokenLayout(length: tokens.size(1), startingAt: cache?.count ?? 0, device: tokens.device)
    }

    /// What remains where only `elements` are seen: they keep their positions and order.
    func of(_ elements: ElementSubset) throws(TorchError) -> TokenLayout {
        let indices = elements.indices
        let whole = try positions.expanded(indices.size(0), positions.size(1))
        return TokenLayout(try whole.gathered(1, indices), try segments?.gathered(1, indices), span: span)
    }

    /// The tokens of `past` followed by these.
    func appended(to past: TokenLayout) throws(TorchError) -> TokenLayout {
        let batch = Swift.max(past.positions.size(0), positions.size(0))
        func rows(_ x: Tensor) throws(TorchError) -> Tensor { try x.expanded(batch, x.size(1)) }
        let joined = try Tensor.concatenated([rows(past.positions), rows(positions)], 1)
        precondition(
            (past.segments == nil) == (segments == nil), "tokens with segments follow only those with segments")
        guard let old = past.segments, let new = segments else {
            return TokenLayout(joined, nil, span: past.span + span)
        }
        return TokenLayout(joined, try .concatenated([old, new], 1), span: past.span + span)
    }

    /// What these tokens, the last ones of `all`, may attend to.
    ///
    /// - Parameter window: how many positions back a token sees, itself included; all where nil.
    func visibility(in all: TokenLayout, window: Int?) throws(TorchError) -> Visibility {
        let (length, total) = (positions.size(1), all.positions.size(1))
        let isWindowed = window.map { $0 < all.span } ?? false
        if segments == nil && !isWindowed {
            if length == total { return .causal }
            if length == 1 { return .everything }
        }
        let order = try Tensor.arange(total, device: positions.device)
        // [T, S]: the key's place is not after the query's.
        var mask = try order.unsqueezed(0).lessOrEqual(order.sliced(0, total - length..<total).unsqueezed(1))
            .unsqueezed(0)
        if let mine = segments, let theirs = all.segments {
            mask = try mask.and(mine.unsqueezed(-1).equal(theirs.unsqueezed(1)))
        }
        if let window, isWindowed {
            let distance = try positions.unsqueezed(-1) - all.positions.unsqueezed(1)
            mask = try mask.and(distance.less(Tensor(Float(window), device: positions.device)))
        }
        // What a token sees of its own sequence is a run that ends with it, so that its length tells where it begins.
        let ends = try Tensor.arange(total + 1, device: positions.device).sliced(0, 1..<total + 1).unsqueezed(0)
        let firsts = try length == total ? ends - mask.to(.int64).sum(-1) : nil
        return .mask(try mask.unsqueezed(1), firsts: firsts)
    }
}

/// Which keys each query sees.
enum Visibility: Sendable {
    case causal
    case everything
    /// Boolean, [1 or B, 1, T, S]; where every query t sees a run of keys that ends with its own, `firsts` [1 or B, T] are
    /// the first of each.
    case mask(Tensor, firsts: Tensor?)

    /// - Parameters:
    ///   - query: [B, H, T, D]
    ///   - key: as `value` [B, G, S, D], where G divides H.
    /// - Returns: [B, T, H · D]
    func attend(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, dropout: Double = 0
    ) throws(TorchError) -> Tensor {
        var (mask, first, isCausal): (Tensor?, Tensor?, Bool) = (nil, nil, false)
        switch self {
        case .causal: isCausal = true
        case .everything: break
        case .mask(let seen, let firsts): (mask, first) = (seen, firsts)
        }
        let attended = try Tensor.attention(
            query, key, value, mask: mask, firsts: first, dropout: dropout, isCausal: isCausal,
            groupedQueries: query.size(1) != key.size(1))
        return try attended.transposed(1, 2).reshaped(query.size(0), query.size(2), -1)
    }
}
