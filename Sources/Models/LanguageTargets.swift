import Torch

/// The places of a batch that have something to predict, so that the head is computed nowhere else.
public struct LanguageTargets: Sendable {
    /// int64 [N] in 0..<B · T, the places in row-major order.
    public let places: Tensor
    /// int64 [N], the token that each place should predict.
    public let tokens: Tensor
    /// int64 [N] in 0..<exampleCount, the example that each place belongs to.
    public let owners: Tensor
    /// [exampleCount], the places of each example.
    public let counts: Tensor
    public let exampleCount: Int

    /// - Parameters:
    ///   - labels: B rows of T; `labels[b][t]` is the token that should follow place t of row b, negative where none counts.
    ///   - owners: the example of each place where rows hold several, in 0..<exampleCount; row b is example b where nil.
    public init(labels: [[Int]], owners: [[Int]]? = nil, exampleCount: Int? = nil, device: Device = .cpu)
        throws(TorchError)
    {
        var (places, tokens, examples): ([Int64], [Int64], [Int64]) = ([], [], [])
        let count = exampleCount ?? labels.count
        var counts = [Float](repeating: 0, count: count)
        for (row, line) in labels.enumerated() {
            for (column, label) in line.enumerated() where label >= 0 {
                let owner = owners?[row][column] ?? row
                places.append(Int64(row * line.count + column))
                tokens.append(Int64(label))
                examples.append(Int64(owner))
                counts[owner] += 1
            }
        }
        self.places = try Tensor(places, device: device)
        self.tokens = try Tensor(tokens, device: device)
        self.owners = try Tensor(examples, device: device)
        (self.counts, self.exampleCount) = (try Tensor(counts, device: device), count)
    }

    /// The mean of [N] values over each example's places: [exampleCount], 0 where it has none.
    public func means(_ values: Tensor) throws(TorchError) -> Tensor {
        try values.summed(by: owners, count: exampleCount) / counts.clamped(min: 1)
    }

    /// The mean of [N] values over those of each example's places that count: [exampleCount], 0 where it has none.
    ///
    /// - Parameter counted: [N], 1 for those and 0 for others, whose values then have no gradient.
    public func means(_ values: Tensor, over counted: Tensor) throws(TorchError) -> Tensor {
        let counts = try counted.summed(by: owners, count: exampleCount).clamped(min: 1)
        return try (values * counted).summed(by: owners, count: exampleCount) / counts
    }

    /// The states [N, D] of those places of [B, T, D].
    func of(_ hidden: Tensor) throws(TorchError) -> Tensor {
        try hidden.reshaped(-1, hidden.size(-1)).selected(0, places)
    }
}

/// What predicting a batch's targets cost.
public struct LanguageLosses: Sendable {
    /// [examples], the mean over each example's places, so that batch-mates do not matter; with their graph.
    public let examples: Tensor
    /// [N], one a place, with their graph.
    public let tokens: Tensor
    /// Nil where they were not asked for.
    public let details: PredictionDetails?

    /// ‖softmax(f) − onehot‖ at each place, [N], which is the norm of its loss's gradient with respect to the logits.
    public func residuals() throws(TorchError) -> Tensor? {
        guard let details else { return nil }
        let right = try (-tokens.detached()).exp()
        return try (details.squaredProbabilities - right * 2 + 1).clamped(min: 0).sqrt()
    }
}

extension LanguageModel {
    /// The cross-entropy of predicting `targets` from hidden states, without the logits in memory.
    ///
    /// An adapter's dropout is left out in the head, whose weight is multiplied with the adapter's beforehand.
    ///
    /// - Parameter hidden: [B, T, D], or [N, D], those of the targets' places alone.
    public func losses(
        _ hidden: Tensor, _ targets: LanguageTargets, detailed: Bool = false,
        limits: Tensor.LinearCrossEntropyLimits = .init()
    ) throws(TorchError) -> LanguageLosses {
        let states = try hidden.rank == 2 ? hidden : targets.of(hidden)
        let (losses, details) = try states.linearCrossEntropy(
            head.effectiveWeight(hidden.dtype), targets.tokens, detailed: detailed, limits: limits)
        return LanguageLosses(examples: try targets.means(losses), tokens: losses, details: details)
    }
}
