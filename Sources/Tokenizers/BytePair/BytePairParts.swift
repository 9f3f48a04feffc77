/// What makes up a byte-level BPE, whichever files it came from. Not yet checked.
struct BytePairParts {
    /// The file that holds the vocabulary, and where in it, for errors.
    var file: String
    var vocabularyPath: String
    /// Tokens in the byte alphabet.
    var vocabulary: [String: Int]
    var merges: [(left: String, right: String)]
    var mergesFile: String
    /// Where merge `index` is, for errors.
    var mergeLocation: (Int) -> String
    var unknownToken: String?
    /// Whether a word that is a token is left whole whatever the merges say.
    var ignoresMerges = false
    var addedTokens: [AddedToken] = []
    var normalizesToNFC = false
    var preTokenizer: PreTokenizer
    var prefix: [Int32] = []
    var suffix: [Int32] = []
}

extension BytePairParts {
    /// The bytes of each token by id, and which of them text is searched for.
    ///
    /// - Throws: `malformed` if an id is missing, is out of range or belongs to two tokens.
    func tokens() throws(TokenizerError) -> (bytes: [[UInt8]], isSearchable: [Bool]) {
        let count = Set(vocabulary.values).union(addedTokens.map { Int($0.id) }).count
        var bytes = [[UInt8]?](repeating: nil, count: count)
        var isSearchable = [Bool](repeating: false, count: count)
        for (token, id) in vocabulary {
            try check(id, of: token, count: count)
            guard bytes[id] == nil else {
                let sharers = vocabulary.filter { $0.value == id }.keys.sorted().map(\.debugDescription)
                throw malformed("id \(id) for \(sharers.joined(separator: " and "))", "one token an id")
            }
            let spelled = ByteAlphabet.bytes(of: token)
            bytes[id] = spelled ?? Array(token.utf8)
            isSearchable[id] = spelled != nil
        }
        for token in addedTokens {
            try check(Int(token.id), of: token.content, count: count)
            guard !token.content.isEmpty else { throw malformed("an empty added token, id \(token.id)", "some text") }
            if let id = vocabulary[token.content], id != Int(token.id) {
                throw malformed("\(token.content.debugDescription) with ids \(id) and \(token.id)", "one id a token")
            }
            bytes[Int(token.id)] = Array(token.content.utf8)
            isSearchable[Int(token.id)] = isSearchable[Int(token.id)] && vocabulary[token.content] != nil
        }
        return (bytes.map { $0 ?? [] }, isSearchable)
    }

    private func check(_ id: Int, of token: String, count: Int) throws(TokenizerError) {
        guard id >= 0, id < count else {
            throw malformed(
                "token \(token.debugDescription) with id \(id)", "\(count) tokens to have the ids 0..<\(count)")
        }
    }

    private func malformed(_ found: String, _ expected: String) -> TokenizerError {
        .malformed(file: file, location: vocabularyPath, found: found, expected: expected)
    }

    /// The merges by id.
    ///
    /// - Throws: `malformed` if a merge names or makes a token that is not in the vocabulary.
    func mergeTable(_ tokens: Vocabulary) throws(TokenizerError) -> MergeTable {
        var table = MergeTable(minimumCapacity: merges.count)
        for (index, merge) in merges.enumerated() {
            func id(_ token: String) throws(TokenizerError) -> Int32 {
                if let bytes = ByteAlphabet.bytes(of: token), let id = tokens.id(of: bytes) { return id }
                throw .malformed(
                    file: mergesFile, location: mergeLocation(index),
                    found: "the token \(token.debugDescription)", expected: "a token of the vocabulary")
            }
            let merged = MergeTable.Merge(rank: UInt32(index), token: try id(merge.left + merge.right))
            table.insert(try id(merge.left), try id(merge.right), merged)
        }
        return table
    }
}
