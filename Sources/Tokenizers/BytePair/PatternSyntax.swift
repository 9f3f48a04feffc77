/// Turns a regular expression of Oniguruma, which Hugging Face's tokenizers run, into one that means the same to PCRE2.
///
/// Sources: https://github.com/kkos/oniguruma/blob/master/doc/RE, pcre2pattern(3).
enum PatternSyntax {
    struct Fault: Error {
        let reason: String
    }

    /// Classes whose members differ: PCRE2's \s holds U+180E, its \w no combining marks.
    private static let classes: [Character: String] = [
        "s": #"\p{White_Space}"#, "S": #"\P{White_Space}"#,
    ]
    private static let wordMembers = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#
    /// Escapes that both have, with different meanings.
    private static let refused: Set<Character> = ["h", "H", "b", "B", "R", "X", "K", "N", "O", "y", "Y", "G"]

    static func translate(_ pattern: String) throws(Fault) -> String {
        var output = ""
        var depth = 0
        var rest = Substring(pattern)
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let escaped = rest.popFirst() else { throw Fault(reason: "it ends in a backslash") }
                output += try translate(escape: escaped, inClass: depth > 0)
            case "[" where depth == 0:
                depth = 1
                output.append(character)
                if rest.first == "^" { output.append(rest.removeFirst()) }
                // A bracket right after the opening one is a member.
                if rest.first == "]" { output += "\\" + String(rest.removeFirst()) }
            case "[" where rest.first != ":":
                throw Fault(reason: "it has a character class inside another")
            case "[":
                guard let end = rest.firstRange(of: ":]") else { throw Fault(reason: "[: has no :]") }
                output += "[" + rest[..<end.upperBound]
                rest = rest[end.upperBound...]
            case "]" where depth > 0:
                depth = 0
                output.append(character)
            case "&" where depth > 0 && rest.first == "&":
                throw Fault(reason: "it intersects character classes with &&")
            default:
                output.append(character)
            }
        }
        return output
    }

    private static func translate(escape: Character, inClass: Bool) throws(Fault) -> String {
        if let translated = classes[escape] { return translated }
        switch escape {
        case "w": return inClass ? wordMembers : "[\(wordMembers)]"
        case "W" where !inClass: return "[^\(wordMembers)]"
        case "W": throw Fault(reason: #"it has \W inside a character class"#)
        case _ where refused.contains(escape): throw Fault(reason: "it has the escape \\\(escape)")
        default: return "\\" + String(escape)
        }
    }
}
