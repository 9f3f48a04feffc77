import Teaching

extension Policy {
    /// The first setting of which this policy has another value, as either has it; empty where all are alike.
    func difference(from other: Policy) throws -> (found: String, expected: String) {
        let (own, others) = try (settings(), other.settings())
        guard let line = zip(own, others).first(where: { $0 != $1 }) else { return ("", "") }
        return (" with \(line.0)", " with \(line.1)")
    }

    /// `a.b: value` of every setting.
    private func settings() throws -> [String] {
        var path: [String] = []
        return try exactYAML().split(separator: "\n").compactMap { line in
            let depth = line.prefix { $0 == " " }.count / 2
            let text = line.drop { $0 == " " }
            path = path.prefix(depth) + [String(text.prefix { $0 != ":" })]
            return text.hasSuffix(":") ? nil : path.joined(separator: ".") + text.drop { $0 != ":" }
        }
    }
}
