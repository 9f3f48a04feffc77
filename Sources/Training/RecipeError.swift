/// What is wrong with a recipe, and where.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
    /// The recipe's file or name.
    public var source: String
    /// Counted from 1; nil for what `--set` gave or what has no place.
    public var line: Int?
    public var message: String

    public init(source: String, line: Int?, message: String) {
        (self.source, self.line, self.message) = (source, line, message)
    }

    public var description: String {
        line.map { "\(source):\($0): \(message)" } ?? "\(source): \(message)"
    }
}

extension String {
    /// The candidate that takes the fewest single-character edits, if few enough to be a slip.
    func nearest(among candidates: some Sequence<String>) -> String? {
        let ranked = candidates.map { (name: $0, distance: editDistance(to: $0)) }
        guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
        return best.distance <= Swift.max(2, count / 2) ? best.name : nil
    }

    /// Levenshtein's distance.
    private func editDistance(to other: String) -> Int {
        let (a, b) = (Array(self), Array(other))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
