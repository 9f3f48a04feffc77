/// Which of an example's tokens are taught: the hardest share of them.
///
/// Chosen within each example, so that batch-mates do not matter. Lin et al. ("Not All Tokens Are What You Need", arXiv
/// 2404.07965) choose within a batch, by the loss that exceeds a reference's.
public struct TokenSelection: Codable, Sendable, Equatable {
    /// How hard a token is.
    public enum Measure: String, Codable, Sendable, CaseIterable {
        /// Its loss.
        case loss
        /// Its loss minus a frozen reference learner's.
        case reducible
    }

    /// Share of an example's tokens, in `(0, 1]`; rounded up, so that every example is taught.
    public var share: Double
    /// How hard a token is, of which the hardest are taught; `loss` where absent.
    public var measure: Measure

    public init(share: Double, by measure: Measure = .loss) { (self.share, self.measure) = (share, measure) }

    enum CodingKeys: String, CodingKey {
        case share
        case measure = "by"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        share = try container.decode(Double.self, forKey: .share)
        measure = try container.decodeIfPresent(Measure.self, forKey: .measure) ?? .loss
    }

    /// How many of `count` tokens are taught.
    public func size(of count: Int) -> Int { min(count, Int((share * Double(count) * (1 - 1e-12)).rounded(.up))) }

    /// Whether each token is taught. Of equally hard ones the earlier is; one that is no number comes last.
    ///
    /// - Parameters:
    ///   - hardness: one a token.
    ///   - owners: the example of each token, in `0..<exampleCount`.
    public func choose(_ hardness: [Float], owners: [Int], exampleCount: Int) -> [Bool] {
        precondition(hardness.count == owners.count, "an owner a token")
        var members = Array(repeating: [Int](), count: exampleCount)
        for (token, owner) in owners.enumerated() { members[owner].append(token) }
        var isChosen = Array(repeating: false, count: hardness.count)
        func key(_ token: Int) -> Float { hardness[token].isNaN ? -.infinity : hardness[token] }
        for tokens in members {
            let sorted = tokens.sorted { (key($1), $0) < (key($0), $1) }
            for token in sorted.prefix(size(of: tokens.count)) { isChosen[token] = true }
        }
        return isChosen
    }
}
