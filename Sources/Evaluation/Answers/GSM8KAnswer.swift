/// The final answer of a grade-school problem (GSM8K; Cobbe et al., arXiv 2110.14168).
public enum GSM8KAnswer {
    /// The number after the first `####`; where there is none, the last number of the text.
    ///
    /// Thousands' commas, a dollar sign, units and zeros that change nothing are no part of it.
    public static func extract(_ text: String) -> String? {
        if let marker = text.firstRange(of: "####") {
            let line = text[marker.upperBound...].prefix { $0 != "\n" }
            if let number = Numeral.all(in: line).first { return number }
        }
        return Numeral.all(in: text).last
    }

    /// Whether the completion ends in the reference solution's number.
    public static func isRight(_ completion: String, reference: String) -> Bool {
        guard let expected = extract(reference) else { return false }
        return extract(completion) == expected
    }
}
