/// Reads a pre-tokeniser: a chain of splits that ends in `ByteLevel`.
struct PreTokenizerBuilder {
    /// GPT-2's pattern, which `ByteLevel` applies unless told not to.
    ///
    /// Source: Radford et al. 2019; https://github.com/openai/gpt-2/blob/master/src/encoder.py
    static let gpt2Pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    let builder: TokenizerFileBuilder

    /// What GPT-2 does without a `tokenizer.json` to say so.
    func gpt2() throws(TokenizerError) -> PreTokenizer {
        PreTokenizer(splits: [.init(pattern: try pattern(Self.gpt2Pattern, "pre_tokenizer"))], addsPrefixSpace: false)
    }

    func build(_ component: TokenizerFile.Component?) throws(TokenizerError) -> PreTokenizer {
        let stages = try flatten(component, "pre_tokenizer")
        guard let last = stages.last, last.component.type == "ByteLevel" else {
            let found = stages.last.map { "a chain that ends in \($0.component.type.debugDescription)" } ?? "null"
            throw builder.unsupported("pre_tokenizer", found, "a chain that ends in \"ByteLevel\"")
        }
        var splits: [PreTokenizer.Split] = []
        for stage in stages.dropLast() { splits.append(try split(stage.component, stage.path)) }
        let addsPrefixSpace = last.component.addPrefixSpace ?? true
        if addsPrefixSpace, !splits.isEmpty {
            throw builder.unsupported("\(last.path).add_prefix_space", "true after a split", "false")
        }
        if last.component.useRegex ?? true { splits.append(.init(pattern: try pattern(Self.gpt2Pattern, last.path))) }
        return PreTokenizer(splits: splits, addsPrefixSpace: addsPrefixSpace)
    }

    private func flatten(
        _ component: TokenizerFile.Component?, _ path: String
    ) throws(TokenizerError) -> [(component: TokenizerFile.Component, path: String)] {
        guard let component else { return [] }
        guard component.type == "Sequence" else { return [(component, path)] }
        var stages: [(component: TokenizerFile.Component, path: String)] = []
        for (index, part) in (component.pretokenizers ?? []).enumerated() {
            stages += try flatten(part, "\(path).pretokenizers[\(index)]")
        }
        return stages
    }

    private func split(
        _ component: TokenizerFile.Component, _ path: String
    ) throws(TokenizerError) -> PreTokenizer.Split {
        switch component.type {
        case "Split": return try patternSplit(component, path)
        case "Digits":
            return .init(pattern: try pattern(component.individualDigits == true ? #"\p{N}"# : #"\p{N}+"#, path))
        default:
            throw builder.unsupported(
                "\(path).type", component.type.debugDescription,
                "\"Split\", \"Digits\", then \"ByteLevel\", \"Sequence\" of these")
        }
    }

    private func patternSplit(
        _ component: TokenizerFile.Component, _ path: String
    ) throws(TokenizerError) -> PreTokenizer.Split {
        let source =
            if let regex = component.pattern?.regex { regex } else {
                component.pattern?.string.map(Self.escaped)
            }
        guard let source else {
            throw .malformed(
                file: builder.file, location: "\(path).pattern", found: "neither \"Regex\" nor \"String\"",
                expected: "one of them")
        }
        let compiled = try pattern(source, "\(path).pattern")
        switch (component.behavior, component.invert ?? false) {
        case ("Isolated", _): return .init(pattern: compiled)
        case ("Removed", let invert): return .init(pattern: compiled, keepsMatches: invert, keepsGaps: !invert)
        case (let behavior, _):
            throw builder.unsupported(
                "\(path).behavior", behavior?.debugDescription ?? "null", "\"Isolated\", \"Removed\"")
        }
    }

    private func pattern(_ source: String, _ path: String) throws(TokenizerError) -> Pattern {
        do throws(PatternSyntax.Fault) { return try Pattern(source) } catch {
            throw builder.unsupported(
                path, "the pattern \(source) (\(error.reason))", "patterns that PCRE2 can express")
        }
    }

    /// A pattern that matches `text` and nothing else.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { "\\x{\(String($0.value, radix: 16))}" }.joined()
    }
}
