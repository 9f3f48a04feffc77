import Testing

@testable import Tokenizers

@Suite("Pre-tokenisers")
struct PreTokenizerTests {
    @Test("Classes that PCRE2 reads otherwise are spelled out")
    func translatesClasses() throws {
        #expect(
            try PatternSyntax.translate(#"\s+(?!\S)|[^\s\p{L}]"#)
                == #"\p{White_Space}+(?!\P{White_Space})|[^\p{White_Space}\p{L}]"#)
        #expect(try PatternSyntax.translate(#"[]\]a]\\s"#) == #"[\]\]a]\\s"#)
        #expect(try PatternSyntax.translate(#"\w"#) == #"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]"#)
    }

    @Test(
        "A pattern that would mean something else is refused",
        arguments: [#"\h+"#, #"[a-z&&[^b]]"#, #"[\W]"#, #"\bword"#, #"a\"#, "(unclosed", "[[:alpha:"])
    func refuses(_ pattern: String) {
        #expect(throws: PatternSyntax.Fault.self) { try Pattern(pattern) }
    }

    @Test("Splits keep matches, gaps or both, and a later one sees only the words of the earlier")
    func keepsWhatItShould() throws {
        let comma = try Pattern(",")
        let pair = try Pattern(#"\p{L}(?=\p{L})"#)
        #expect(try words("a,bc,,d", [.init(pattern: comma)]) == ["a", ",", "bc", ",", ",", "d"])
        #expect(try words("a,bc,,d", [.init(pattern: comma, keepsMatches: false)]) == ["a", "bc", "d"])
        #expect(try words("a,bc,,d", [.init(pattern: comma, keepsGaps: false)]) == [",", ",", ","])
        #expect(try words("ab,cd", [.init(pattern: comma), .init(pattern: pair)]) == ["a", "b", ",", "c", "d"])
        #expect(try words("ab", [.init(pattern: try Pattern("x*"))]) == ["ab"])
    }

    @Test("A space is put in front only where none is")
    func addsPrefixSpace() throws {
        #expect(try words("a b", [], addsPrefixSpace: true) == [" a b"])
        #expect(try words(" a", [], addsPrefixSpace: true) == [" a"])
    }

    @Test("A pattern that backtracks without end is an error, not a hang")
    func stopsBacktracking() throws {
        let pattern = try Pattern(#"(\p{L}+)+\d"#)
        #expect {
            try words(String(repeating: "a", count: 60), [.init(pattern: pattern)])
        } throws: { error in
            guard case .patternFailed(let source, _)? = error as? TokenizerError else { return false }
            return source == #"(\p{L}+)+\d"#
        }
    }

    private func words(
        _ text: String, _ splits: [PreTokenizer.Split], addsPrefixSpace: Bool = false
    ) throws -> [String] {
        let preTokenizer = PreTokenizer(splits: splits, addsPrefixSpace: addsPrefixSpace)
        var words: [String] = []
        try Array(text.utf8).withUnsafeBufferPointer { (text) throws(TokenizerError) in
            try preTokenizer.forEachWord(of: text, using: preTokenizer.makeMatchers()) {
                words.append(String(decoding: $0, as: UTF8.self))
            }
        }
        return words
    }
}
