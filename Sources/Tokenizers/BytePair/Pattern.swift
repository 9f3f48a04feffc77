import CPCRE2

/// A regular expression compiled by PCRE2, for UTF-8 with Unicode's character classes.
///
/// `@unchecked Sendable`: compiled code is read-only, and each `Matcher` has its own working memory.
final class Pattern: @unchecked Sendable {
    let source: String
    fileprivate let code: OpaquePointer

    /// Compiles `source`, written in the syntax of Oniguruma, which `tokenizer.json` uses.
    ///
    /// - Throws: `PatternSyntax.Fault` if PCRE2 cannot express it or refuses it.
    init(_ source: String) throws(PatternSyntax.Fault) {
        let translated = try PatternSyntax.translate(source)
        // In Oniguruma's Ruby syntax ^ and $ always stand at line breaks.
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE
        var error: Int32 = 0
        var offset = 0
        let code = Array(translated.utf8).withUnsafeBufferPointer {
            pcre2_compile_8($0.baseAddress, $0.count, options, &error, &offset, nil)
        }
        guard let code else {
            throw .init(reason: "\(Self.message(of: error)) at byte \(offset)")
        }
        // Without just-in-time compilation, on a processor PCRE2 does not know, matching interprets.
        pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        self.source = source
        self.code = code
    }

    deinit {
        pcre2_code_free_8(code)
    }

    fileprivate static func message(of error: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(error, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "PCRE2 error \(error)"
    }
}

/// Finds the matches of one pattern; one thread at a time may use it.
final class Matcher {
    private static let jitStackLimit = 4 << 20

    private let pattern: Pattern
    private let data: OpaquePointer
    private let context: OpaquePointer
    private let stack: OpaquePointer?
    private let ends: UnsafeMutablePointer<Int>

    init(_ pattern: Pattern) {
        guard let data = pcre2_match_data_create_8(1, nil), let context = pcre2_match_context_create_8(nil) else {
            preconditionFailure("out of memory")
        }
        self.pattern = pattern
        self.data = data
        self.context = context
        stack = pcre2_jit_stack_create_8(32 << 10, Self.jitStackLimit, nil)
        ends = pcre2_get_ovector_pointer_8(data)
        pcre2_jit_stack_assign_8(context, nil, stack.map(UnsafeMutableRawPointer.init))
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }

    /// The first match in `text`, which is valid UTF-8, that begins at or after byte `start`.
    @inline(__always)
    func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int) throws(TokenizerError) -> Range<Int>? {
        let result = pcre2_match_8(
            pattern.code, text.baseAddress, text.count, start, PCRE2_NO_UTF_CHECK, data, context)
        if result == PCRE2_ERROR_NOMATCH { return nil }
        guard result >= 0 else {
            throw .patternFailed(pattern: pattern.source, reason: Pattern.message(of: result))
        }
        // With \K inside a lookahead a match may end before it begins.
        return ends[0]..<max(ends[0], ends[1])
    }
}
