import Foundation
import Teaching

/// Chooses a next token from a model's logits.
public struct TokenSampler: Sendable, Equatable {
    /// Divides the logits; at 0 the likeliest token is taken.
    public var temperature: Double
    /// Only so many of the likeliest tokens are in question; all where nil.
    public var topK: Int?
    /// Only the likeliest tokens that together reach this probability are in question (nucleus sampling; Holtzman et al.,
    /// arXiv 1904.09751); all at 1.
    public var topP: Double
    public var seed: UInt64

    /// - Throws: the first setting out of range.
    public init(temperature: Double = 0, topK: Int? = nil, topP: Double = 1, seed: UInt64 = 0) throws(TrainingError) {
        guard temperature >= 0, temperature.isFinite else {
            throw .mismatch(what: "temperature", found: "\(temperature)", expected: "0 or more")
        }
        guard topK ?? 1 >= 1 else { throw .mismatch(what: "top-k", found: "\(topK ?? 0)", expected: "at least 1") }
        guard topP > 0, topP <= 1 else {
            throw .mismatch(what: "top-p", found: "\(topP)", expected: "above 0 and at most 1")
        }
        (self.temperature, self.topK, self.topP, self.seed) = (temperature, topK, topP, seed)
    }

    /// The tokens in question and their probabilities, the likeliest first.
    ///
    /// - Parameter logits: one a token; −∞ where it is masked.
    /// - Returns: at least one.
    /// - Throws: where a logit is no number, or no token is left.
    public func candidates(_ logits: [Float]) throws(TrainingError) -> [(token: Int, probability: Double)] {
        try Self.check(logits)
        guard temperature > 0 else {
            return [(logits.indices.dropFirst().reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }, 1)]
        }
        let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
        let top = Double(logits[order[0]])
        let kept = order.prefix(topK ?? order.count)
        let masses = kept.map { exp((Double(logits[$0]) - top) / temperature) }
        let total = masses.reduce(0, +)
        var (nucleus, reached) = (0, 0.0)
        while nucleus < masses.count, reached < topP * total {
            reached += masses[nucleus]
            nucleus += 1
        }
        return zip(kept, masses).prefix(nucleus).map { ($0, $1 / reached) }
    }

    // Sums and comparisons with such logits choose no token, or any.
    private static func check(_ logits: [Float]) throws(TrainingError) {
        if let token = logits.firstIndex(where: { $0.isNaN || $0 == .infinity }) {
            throw .mismatch(
                what: "the model's logit of token \(token)", found: "\(logits[token])",
                expected: "a finite number, or -inf for a token that is masked")
        }
        guard logits.contains(where: \.isFinite) else {
            throw .mismatch(
                what: "every logit of the model", found: "-inf", expected: "a finite number for at least one token")
        }
    }

    /// The token at a place of the text, a function of the logits, the seed and the place alone.
    ///
    /// - Throws: as ``candidates(_:)`` does.
    public func token(_ logits: [Float], at place: Int) throws(TrainingError) -> Int {
        let candidates = try candidates(logits)
        var rest = CounterRandom(seed: seed).uniform(at: UInt64(place))
        for (token, probability) in candidates {
            rest -= probability
            if rest < 0 { return token }
        }
        return candidates[candidates.count - 1].token
    }
}
