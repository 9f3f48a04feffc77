/// How many examples a step shows as a run goes on: the share `start` of the trainer's batch at first, twice as many in each
/// of the equal stages until position `until`, and whole batches from there on.
///
/// Few examples tell a learner that knows little as well where to go as many do, for less; the noise of few gets in its way
/// only later.
///
/// Sources: McCandlish et al., "An Empirical Model of Large-Batch Training", arXiv 1812.06162 (the batch that pays grows as
/// the loss falls); Smith et al., "Don't Decay the Learning Rate, Increase the Batch Size", arXiv 1711.00489.
public struct BatchSchedule: Codable, Sendable, Equatable {
    /// Share of the trainer's batch at the run's start, in `(0, 1]`.
    public var start: Double
    /// Share of the run's cost after which batches are whole, in `[0, 1]`.
    public var until: Double

    public init(start: Double = 0.25, until: Double = 0.75) {
        self.start = start
        self.until = until
    }

    /// How many examples out of a batch of `size` a step shows at a position of the run, at least one.
    public func count(of size: Int, at progress: Double) -> Int {
        guard progress < until else { return size }
        var (share, stages) = (start, 1.0)
        while share * 2 < 1 { (share, stages) = (share * 2, stages + 1) }
        let stage = (max(0, progress) / until * stages).rounded(.down)
        return max(1, min(size, Int((share * exponential(stage + 1 - stages) * Double(size)).rounded())))
    }

    /// 2 to a whole power of at most 0.
    private func exponential(_ power: Double) -> Double { Double(sign: .plus, exponent: Int(power), significand: 1) }
}
