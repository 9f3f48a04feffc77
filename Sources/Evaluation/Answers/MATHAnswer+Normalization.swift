import Foundation

extension MATHAnswer {
    /// One way of writing for answers that differ in style alone.
    ///
    /// The rules are those of the data set's own grader: styles of fractions, brackets' sizes, degrees, money, percents,
    /// units, spaces, `x =` before the answer, bare arguments of `\frac` and `\sqrt`, `a/b`, and one half. Beside them: text
    /// in the math, thousands' commas and zeros that change no decimal.
    public static func normalized(_ answer: String) -> String {
        var text = answer.replacing("\n", with: "").replacing("\\\\", with: rowEnd)
        for (old, new) in spellings { text = text.replacing(old, with: new) }
        text = withoutUnits(text.replacing(" {", with: "{"))
        for macro in ["\\text", "\\mbox", "\\mathrm", "\\textbf", "\\textrm", "\\mathbf"] {
            text = unwrapped(macro, in: text)
        }
        text = withWholeDecimals(text)
        text = withoutVariable(text)
        text = LaTeX.rewriting("\\sqrt", in: text.replacing(" ", with: ""), bracedRoot)
        text = LaTeX.rewriting("\\frac", in: text, bracedFraction)
        while text.hasSuffix(".") { text.removeLast() }
        return slashed(plain(text))
    }

    /// Stands for `\\`, so that no rule takes half of it for the beginning of a command.
    private static let rowEnd = "\u{E000}"

    /// In the order of replacement.
    private static let spellings = [
        ("\\!", ""), ("\\,", ""), ("\\;", ""), ("{,}", ","), ("\\ ", " "), ("~", " "), ("tfrac", "frac"),
        ("dfrac", "frac"), ("cfrac", "frac"), ("\\left", ""), ("\\right", ""), ("^{\\circ}", ""), ("^\\circ", ""),
        ("\\degree", ""), ("\\$", ""), ("$", ""), ("\\%", ""), ("%", ""),
    ]

    /// Words after a quantity, and at most their power, are its unit: `5\text{ cm}^2` is `5`.
    private static func withoutUnits(_ text: String) -> String {
        let starts = ["\\text", "\\mbox", "\\textrm", "\\mathrm"].compactMap { text.ranges(of: "\($0){ ").last }
        guard let start = starts.max(by: { $0.lowerBound < $1.lowerBound }),
            text[..<start.lowerBound].contains(where: { $0 != " " }),
            let brace = text[start].firstIndex(of: "{"), let words = LaTeX.group(text[brace...])
        else { return text }
        let power = text[words.endIndex...].drop { $0 == " " || $0 == "." }
        return power.isEmpty || power.first == "^" ? String(text[..<start.lowerBound]) : text
    }

    private static func unwrapped(_ macro: String, in text: String) -> String {
        LaTeX.rewriting(macro, in: text) { rest in
            let argument = LaTeX.argument(rest)
            guard LaTeX.group(rest) != nil else { return (macro, rest) }
            return (String(argument.dropFirst().dropLast()), rest.dropFirst(argument.count))
        }
    }

    /// `.5` is `0.5`, also in a group or after a space.
    private static func withWholeDecimals(_ text: String) -> String {
        let inner = text.replacing(" .", with: " 0.").replacing("{.", with: "{0.")
        return inner.hasPrefix(".") ? "0\(inner)" : inner
    }

    /// `x = 5` is `5`.
    private static func withoutVariable(_ text: String) -> String {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2 else { return text }
        let name = sides[0].trimmingCharacters(in: .whitespaces)
        return name.count <= 2 ? sides[1].trimmingCharacters(in: .whitespaces) : text
    }

    private static func braced(_ argument: Substring) -> String {
        argument.first == "{" ? String(argument) : "{\(argument)}"
    }

    private static func bracedRoot(_ rest: Substring) -> (new: String, rest: Substring) {
        guard let first = rest.first, first != "[" else { return ("\\sqrt", rest) }
        let argument = LaTeX.argument(rest)
        return ("\\sqrt\(braced(argument))", rest.dropFirst(argument.count))
    }

    private static func bracedFraction(_ rest: Substring) -> (new: String, rest: Substring) {
        let numerator = LaTeX.argument(rest)
        let below = rest.dropFirst(numerator.count)
        let denominator = LaTeX.argument(below)
        guard !denominator.isEmpty else { return ("\\frac", rest) }
        // What is inside may hold fractions of its own.
        return (
            "\\frac" + inner(braced(numerator)) + inner(braced(denominator)), below.dropFirst(denominator.count)
        )
    }

    private static func inner(_ group: String) -> String {
        group.contains("\\frac") ? LaTeX.rewriting("\\frac", in: group, bracedFraction) : group
    }

    /// Decimals in one way of writing, where commas part thousands.
    private static func plain(_ text: String) -> String {
        let whole = text.drop { $0 == "-" || $0 == "+" }.prefix { $0 != "." }
        let groups = whole.split(separator: ",", omittingEmptySubsequences: false)
        let partsThousands = (1...3).contains(groups[0].count) && groups.dropFirst().allSatisfy { $0.count == 3 }
        guard groups.count == 1 || partsThousands else { return text }
        return Numeral.canonical(text) ?? text
    }

    /// `0.5` and `a/b` as fractions.
    private static func slashed(_ text: String) -> String {
        if text == "0.5" { return "\\frac{1}{2}" }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let above = Int(parts[0]), let below = Int(parts[1]) else { return text }
        return "\\frac{\(above)}{\(below)}"
    }
}
