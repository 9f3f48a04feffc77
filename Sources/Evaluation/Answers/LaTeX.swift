/// What little of LaTeX's syntax answers need.
enum LaTeX {
    /// The group in braces that the text starts with, braces included; nil where it never closes.
    static func group(_ text: Substring) -> Substring? {
        guard text.first == "{" else { return nil }
        var (depth, isEscaped) = (0, false)
        for index in text.indices {
            let character = text[index]
            defer { isEscaped = character == "\\" && !isEscaped }
            guard !isEscaped else { continue }
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            if depth == 0 { return text[...index] }
        }
        return nil
    }

    /// What a macro takes as its argument: a group, a command or a single character.
    static func argument(_ text: Substring) -> Substring {
        if let group = group(text) { return group }
        guard text.first == "\\" else { return text.prefix(1) }
        let letters = text.dropFirst().prefix { $0.isASCII && $0.isLetter }
        return text.prefix(1 + max(1, letters.count))
    }

    /// The text with `change` applied to what follows each occurrence of a macro, whose name goes no further.
    ///
    /// - Parameter change: gets what follows, and returns what stands for a beginning of it and what is left.
    static func rewriting(
        _ macro: String, in text: String, _ change: (Substring) -> (new: String, rest: Substring)
    ) -> String {
        var (result, rest) = ("", text[...])
        while let place = rest.firstRange(of: macro) {
            result += rest[..<place.lowerBound]
            rest = rest[place.upperBound...]
            if rest.first.map({ $0.isASCII && $0.isLetter && macro.hasPrefix("\\") }) == true {
                result += macro
                continue
            }
            let (new, left) = change(rest)
            (result, rest) = (result + new, left)
        }
        return result + rest
    }
}
