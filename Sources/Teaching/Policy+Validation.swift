extension Policy {
    /// - Throws: ``TeachingError/invalidSetting(key:found:expected:)`` for the first setting out of its range.
    public func validate() throws(TeachingError) {
        try check("ratio.start", ratio.start, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try check("ratio.end", ratio.end, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try check("interval.start", interval.start, "at least 1 lesson, below 1e6") { $0 >= 1 && $0 < 1e6 }
        try check("interval.end", interval.end, "at least 1 lesson, below 1e6") { $0 >= 1 && $0 < 1e6 }
        try check("warm_up", Double(warmUp), "0 or more lessons, below 1e6") { $0 >= 0 && $0 < 1e6 }
        try check("annealing", annealing, "at least 0 and below 1") { $0 >= 0 && $0 < 1 }
        try check("ceiling", ceiling, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try check("scoring_cost", scoringCost, "at least 0 and finite") { $0 >= 0 && $0.isFinite }
        if case .refreshed(let age) = source {
            try check("source.stale_after", Double(age), "0 or more lessons") { $0 >= 0 }
        }
        try validateSelection()
        try validateWeights()
        try validateElements()
        if let tokens {
            try check("tokens.share", tokens.share, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        }
        try validateCount()
    }

    /// A setting that the selection does not ask for would be ignored.
    private func validateCount() throws(TeachingError) {
        switch selection {
        case .hard, .soft: break
        default: try check("ceiling", ceiling, "1 for a selection other than hard and soft") { $0 == 1 }
        }
        if !hasFixedCount {
            let expected = "1, as this selection takes as many as its own rule says"
            try check("ratio.start", ratio.start, expected) { $0 == 1 }
            try check("ratio.end", ratio.kind == .constant ? 1 : ratio.end, expected) { $0 == 1 }
            try check("interval.start", interval.start, "1, as this selection is made anew for each lesson") { $0 == 1 }
            try check("interval.end", interval.end, "1, as this selection is made anew for each lesson") { $0 == 1 }
        }
    }

    private func validateSelection() throws(TeachingError) {
        switch selection {
        case .random, .hard: break
        case .soft(let soft):
            // Beyond these a score over the temperature need not be a number.
            try check("selection.temperature", soft.temperature, "1e-30 to 1e30") { (1e-30...1e30).contains($0) }
            if case .power(let exponent) = soft.distribution {
                try check("selection.distribution.exponent", exponent, "at least 0 and finite") {
                    $0 >= 0 && $0.isFinite
                }
            }
        case .prune(let prune):
            try check("selection.probability", prune.probability, "at least 0 and below 1") { $0 >= 0 && $0 < 1 }
        case .importance(let importance):
            try check("selection.floor", importance.floor, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
            try check("selection.certain", importance.certain, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
            try check("selection.worth", importance.worth, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        case .window(let window):
            try check("selection.pruned", window.pruned, "at least 0 and below 1") { $0 >= 0 && $0 < 1 }
            try check("selection.clusters", Double(window.clusters), "1 to 256") { $0 >= 1 && $0 <= 256 }
            try check("selection.width", window.width, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        case .admission(let admission):
            guard source == .recorded else {
                throw .invalidSetting(
                    key: "source.kind", found: "refreshed",
                    expected: "recorded, as admission scores every example in its batch")
            }
            try check("selection.beta", admission.beta, "at least 0 and finite") { $0 >= 0 && $0.isFinite }
            try check("selection.history", Double(admission.history), "1 to 1048576") { $0 >= 1 && $0 <= 1_048_576 }
            try check("selection.floor", admission.floor, "0 to 1") { $0 >= 0 && $0 <= 1 }
        case .hide(let hide):
            try check("selection.fraction", hide.fraction, "at least 0 and below 1") { $0 >= 0 && $0 < 1 }
            try check("selection.confidence", hide.confidence, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        }
    }

    private func validateWeights() throws(TeachingError) {
        guard case .unbiased(let cap) = weights else { return }
        try check("weights.cap", cap, "at least 1 and finite") { $0 >= 1 && $0.isFinite }
        switch selection {
        case .random, .soft, .prune, .importance: break
        case .hard, .window, .admission, .hide:
            throw .invalidSetting(
                key: "weights.kind", found: "unbiased",
                expected: "none, as only random, soft, prune and importance give every example a chance to be taught")
        }
    }

    private func validateElements() throws(TeachingError) {
        guard let elements else { return }
        try check("elements.start", elements.start, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try check("elements.until", elements.until, "0 to 1") { $0 >= 0 && $0 <= 1 }
        try check("elements.levels", Double(elements.levels), "1 to 4096") { $0 >= 1 && $0 <= 4096 }
    }

    private func check(
        _ key: String, _ value: Double, _ expected: String, _ holds: (Double) -> Bool
    ) throws(TeachingError) {
        guard !holds(value) else { return }
        let found = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        throw .invalidSetting(key: key, found: found, expected: expected)
    }
}
