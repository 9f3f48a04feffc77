/// A token beside the BPE vocabulary, found in the text before anything else is done to it.
struct AddedToken: Sendable {
    let id: Int32
    var content: String
    /// A special token leaves no text when decoded.
    var isSpecial = false
    /// Whether it takes the white space on its left, or right, along.
    var stripsLeft = false
    var stripsRight = false
    /// Whether it counts only where no letter, mark or digit touches it.
    var isSingleWord = false
    /// Whether it is looked for after the text has been normalised.
    var isNormalized = false

    /// The token as it looks in a text of Unicode's normalisation form C.
    var inNFC: AddedToken {
        var token = self
        token.content = content.inNFC
        return token
    }
}

/// What Hugging Face's files say of an added token.
struct AddedTokenProperties: Decodable {
    let content: String
    var special: Bool?
    var lstrip: Bool?
    var rstrip: Bool?
    var singleWord: Bool?
    var normalized: Bool?

    enum CodingKeys: String, CodingKey {
        case content, special, lstrip, rstrip, normalized
        case singleWord = "single_word"
    }

    func token(id: Int32) -> AddedToken {
        AddedToken(
            id: id, content: content, isSpecial: special ?? false, stripsLeft: lstrip ?? false,
            stripsRight: rstrip ?? false, isSingleWord: singleWord ?? false, isNormalized: normalized ?? false)
    }
}

/// Finds added tokens in a text: the leftmost, of those the longest.
struct AddedTokenFinder: Sendable {
    private struct Candidate {
        let bytes: [UInt8]
        let token: AddedToken
    }

    /// By first byte, longest first.
    private var candidates = [[Candidate]](repeating: [], count: 256)
    let isEmpty: Bool

    init(_ tokens: [AddedToken]) {
        isEmpty = tokens.isEmpty
        for token in tokens.sorted(by: { $0.content.utf8.count > $1.content.utf8.count }) {
            let bytes = Array(token.content.utf8)
            candidates[Int(bytes[0])].append(Candidate(bytes: bytes, token: token))
        }
    }

    /// Calls `text` with each stretch between added tokens and `token` with the id of each token, in order.
    func split(
        _ bytes: [UInt8], text: (ArraySlice<UInt8>) throws(TokenizerError) -> Void, token: (Int32) -> Void
    ) throws(TokenizerError) {
        if isEmpty { return bytes.isEmpty ? () : try text(bytes[...]) }
        var done = 0
        var index = 0
        while index < bytes.count {
            guard let found = candidate(in: bytes, at: index) else {
                index += 1
                continue
            }
            let end = index + found.bytes.count
            let range = extent(of: found.token, in: bytes, index..<end, notBefore: done)
            if done < range.lowerBound { try text(bytes[done..<range.lowerBound]) }
            token(found.token.id)
            done = range.upperBound
            index = max(end, done)
        }
        if done < bytes.count { try text(bytes[done...]) }
    }

    @inline(__always)
    private func candidate(in bytes: [UInt8], at index: Int) -> Candidate? {
        let starting = candidates[Int(bytes[index])]
        guard !starting.isEmpty,
            let longest = starting.first(where: { bytes[index...].starts(with: $0.bytes) })
        else { return nil }
        guard longest.token.isSingleWord else { return longest }
        let isAlone =
            !bytes[..<index].lastScalar.isWordCharacter
            && !bytes[(index + longest.bytes.count)...].firstScalar.isWordCharacter
        return isAlone ? longest : nil
    }

    private func extent(
        of token: AddedToken, in bytes: [UInt8], _ range: Range<Int>, notBefore start: Int
    ) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while token.stripsLeft, lower > start, let scalar = bytes[start..<lower].lastScalar,
            scalar.properties.isWhitespace
        {
            lower -= UTF8.width(scalar)
        }
        while token.stripsRight, let scalar = bytes[upper...].firstScalar, scalar.properties.isWhitespace {
            upper += UTF8.width(scalar)
        }
        return lower..<upper
    }
}

extension ArraySlice<UInt8> {
    fileprivate var firstScalar: Unicode.Scalar? {
        String(decoding: prefix(4), as: UTF8.self).unicodeScalars.first
    }

    fileprivate var lastScalar: Unicode.Scalar? {
        String(decoding: suffix(4), as: UTF8.self).unicodeScalars.last
    }
}

extension Unicode.Scalar? {
    /// What \w means in the Unicode regular expressions of UTS #18.
    fileprivate var isWordCharacter: Bool {
        guard let properties = self?.properties else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }
}
