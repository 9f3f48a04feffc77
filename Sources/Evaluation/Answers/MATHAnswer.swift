/// The final answer of a competition problem (MATH; Hendrycks et al., arXiv 2103.03874).
public enum MATHAnswer {
    /// What the last `\boxed` or `\fbox` holds; where there is none, what follows the last `answer is`.
    public static func extract(_ text: String) -> String? {
        let boxes = [text.ranges(of: "\\boxed").last, text.ranges(of: "\\fbox").last].compactMap { $0 }
        if let box = boxes.max(by: { $0.lowerBound < $1.lowerBound }) { return content(of: text[box.upperBound...]) }
        guard let phrase = text.ranges(of: "answer is").last else { return nil }
        let line = text[phrase.upperBound...].prefix { $0 != "\n" }.drop { $0 == ":" || $0 == " " }
        let sentence = line.firstRange(of: ". ").map { line[..<$0.lowerBound] } ?? line
        return sentence.isEmpty ? nil : String(sentence)
    }

    /// Whether the completion's answer and the reference solution's are written alike once normalised.
    public static func isRight(_ completion: String, reference: String) -> Bool {
        guard let found = extract(completion), let expected = extract(reference) else { return false }
        return isEquivalent(found, expected)
    }

    /// Whether two answers are written alike once normalised.
    public static func isEquivalent(_ one: String, _ other: String) -> Bool { normalized(one) == normalized(other) }

    /// In braces, or after a space up to the end of the formula.
    private static func content(of text: Substring) -> String? {
        let rest = text.drop { $0 == " " }
        guard rest.first == "{" else { return String(rest.prefix { $0 != "$" }) }
        return LaTeX.group(rest).map { String($0.dropFirst().dropLast()) }
    }
}
