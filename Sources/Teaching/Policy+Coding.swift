// On disk a choice is a mapping with its name under `kind` and its settings beside it, all in snake_case.

extension Policy {
    enum CodingKeys: String, CodingKey {
        case name, score, source, ratio, interval, selection, weights
        case warmUp = "warm_up"
        case annealing, ceiling, elements, tokens
        case scoringCost = "scoring_cost"
    }
}

extension Selection: Codable {
    private enum Kind: String, Codable, CaseIterable {
        case random, hard, soft, prune, importance, window, admission, hide
    }

    private enum CodingKeys: String, CodingKey {
        /// How examples are chosen; what each way asks for stands beside it.
        case kind
    }

    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
        case .random: self = .random
        case .hard: self = .hard
        case .soft: self = .soft(try Soft(from: decoder))
        case .prune: self = .prune(try Prune(from: decoder))
        case .importance: self = .importance(try Importance(from: decoder))
        case .window: self = .window(try Window(from: decoder))
        case .admission: self = .admission(try Admission(from: decoder))
        case .hide: self = .hide(try Hide(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .random, .hard: break
        case .soft(let settings): try settings.encode(to: encoder)
        case .prune(let settings): try settings.encode(to: encoder)
        case .importance(let settings): try settings.encode(to: encoder)
        case .window(let settings): try settings.encode(to: encoder)
        case .admission(let settings): try settings.encode(to: encoder)
        case .hide(let settings): try settings.encode(to: encoder)
        }
    }

    private var kind: Kind {
        switch self {
        case .random: .random
        case .hard: .hard
        case .soft: .soft
        case .prune: .prune
        case .importance: .importance
        case .window: .window
        case .admission: .admission
        case .hide: .hide
        }
    }
}

extension Selection.Distribution: Codable {
    private enum Kind: String, Codable, CaseIterable {
        case softmax, sigmoid, power
    }

    private enum CodingKeys: String, CodingKey {
        /// What a probability is in proportion to: `exp(s)`, `1 / (1 + exp(-s))` or `s^exponent` of the score `s`.
        case kind
        /// That of `power`.
        case exponent
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .softmax: self = .softmax
        case .sigmoid: self = .sigmoid
        case .power: self = .power(exponent: try container.decode(Double.self, forKey: .exponent))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .softmax: try container.encode(Kind.softmax, forKey: .kind)
        case .sigmoid: try container.encode(Kind.sigmoid, forKey: .kind)
        case .power(let exponent):
            try container.encode(Kind.power, forKey: .kind)
            try container.encode(exponent, forKey: .exponent)
        }
    }
}

extension Policy.ScoreSource: Codable {
    private enum Kind: String, Codable, CaseIterable {
        case recorded, refreshed
    }

    private enum CodingKeys: String, CodingKey {
        /// Whether scores are those of the training forward alone, or stale ones are measured anew before a selection.
        case kind
        /// Lessons after which a score is stale, for `refreshed`; 0 for all, always.
        case staleAfter = "stale_after"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .recorded: self = .recorded
        case .refreshed: self = .refreshed(staleAfter: try container.decode(Int.self, forKey: .staleAfter))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .recorded: try container.encode(Kind.recorded, forKey: .kind)
        case .refreshed(let age):
            try container.encode(Kind.refreshed, forKey: .kind)
            try container.encode(age, forKey: .staleAfter)
        }
    }
}

extension Policy.Weighting: Codable {
    private enum Kind: String, Codable, CaseIterable {
        case none, unbiased
    }

    private enum CodingKeys: String, CodingKey {
        /// Whether taught examples weigh alike, or the inverse of their probability of being taught.
        case kind
        /// The largest weight, for `unbiased`.
        case cap
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .none: self = .none
        case .unbiased: self = .unbiased(cap: try container.decode(Double.self, forKey: .cap))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .none: try container.encode(Kind.none, forKey: .kind)
        case .unbiased(let cap):
            try container.encode(Kind.unbiased, forKey: .kind)
            try container.encode(cap, forKey: .cap)
        }
    }
}
