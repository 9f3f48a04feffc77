/// Byte-level BPE, as GPT-2, Llama 3 and Qwen 2 use: a text is cut into words by a pattern, and the bytes of each word
/// merge by rank. Every text can be encoded.
public final class BytePairTokenizer: Tokenizer {
    public let vocabularySize: Int
    public let bosID: Int32?
    public let eosID: Int32?
    public let padID: Int32?

    private let vocabulary: Vocabulary
    private let merges: MergeTable
    /// The token each byte starts out as, -1 where there is none.
    private let byteTokens: [Int32]
    private let ignoresMerges: Bool
    private let normalizesToNFC: Bool
    private let specialIDs: Set<Int32>
    private let addedTokens: AddedTokenFinder
    private let normalizedAddedTokens: AddedTokenFinder
    private let preTokenizer: PreTokenizer
    private let prefix: [Int32]
    private let suffix: [Int32]
    private let workspaces: Pool<Workspace>

    /// What one call of `encode` works with.
    private final class Workspace {
        let cache = WordCache()
        let merger = PairMerger()
        let matchers: [Matcher]
        var tokens: [Int32] = []

        init(_ preTokenizer: PreTokenizer) {
            matchers = preTokenizer.makeMatchers()
        }
    }

    init(_ parts: BytePairParts, special: SpecialTokenIDs) throws(TokenizerError) {
        let (bytes, isSearchable) = try parts.tokens()
        let vocabulary = Vocabulary(bytes) { isSearchable[$0] }
        let preTokenizer = parts.preTokenizer
        let unknown = parts.unknownToken.flatMap { parts.vocabulary[$0] }.map(Int32.init(clamping:))
        self.vocabulary = vocabulary
        merges = try parts.mergeTable(vocabulary)
        byteTokens = (UInt8.min...UInt8.max).map { vocabulary.id(of: [$0]) ?? unknown ?? -1 }
        ignoresMerges = parts.ignoresMerges
        normalizesToNFC = parts.normalizesToNFC
        specialIDs = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
        addedTokens = AddedTokenFinder(parts.addedTokens.filter { !$0.isNormalized })
        normalizedAddedTokens = AddedTokenFinder(parts.addedTokens.filter(\.isNormalized))
        self.preTokenizer = preTokenizer
        (prefix, suffix) = (parts.prefix, parts.suffix)
        workspaces = Pool { Workspace(preTokenizer) }
        vocabularySize = bytes.count
        (bosID, eosID, padID) = (special.bos, special.eos, special.pad)
        for id in [bosID, eosID, padID].compactMap(\.self) + prefix + suffix where !bytes.indices.contains(Int(id)) {
            throw .unknownID(id, vocabularySize: bytes.count)
        }
    }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32] {
        let bytes = Array(text.utf8)
        let workspace = workspaces.take()
        defer { workspaces.give(workspace) }
        var ids = addingSpecialTokens ? prefix : []
        ids.reserveCapacity(bytes.count / 3 + 2)
        try addedTokens.split(bytes) { (stretch) throws(TokenizerError) in
            let normalized = normalizesToNFC ? stretch.inNFC : Array(stretch)
            try normalizedAddedTokens.split(normalized) { (stretch) throws(TokenizerError) in
                try encode(stretch, with: workspace, into: &ids)
            } token: {
                ids.append($0)
            }
        } token: {
            ids.append($0)
        }
        if addingSpecialTokens { ids += suffix }
        return ids
    }

    public func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        var bytes: [UInt8] = []
        for id in ids {
            guard id >= 0, id < vocabularySize else { throw .unknownID(id, vocabularySize: vocabularySize) }
            if !specialIDs.contains(id) { bytes += self.bytes(of: id) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What token `id`, one of the vocabulary, stands for.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        vocabulary.bytes(of: Int(id))
    }

    private func encode(
        _ stretch: ArraySlice<UInt8>, with workspace: Workspace, into ids: inout [Int32]
    ) throws(TokenizerError) {
        try stretch.withUnsafeBufferPointer { (text) throws(TokenizerError) in
            try preTokenizer.forEachWord(of: text, using: workspace.matchers) { (word) throws(TokenizerError) in
                if workspace.cache.append(word, to: &ids) { return }
                let first = ids.count
                try encode(word: word, with: workspace, into: &ids)
                workspace.cache.insert(word, ids: ids[first...])
            }
        }
    }

    private func encode(
        word: UnsafeBufferPointer<UInt8>, with workspace: Workspace, into ids: inout [Int32]
    ) throws(TokenizerError) {
        if ignoresMerges, let id = vocabulary.id(of: word) {
            ids.append(id)
            return
        }
        workspace.tokens.removeAll(keepingCapacity: true)
        for byte in word {
            guard byteTokens[Int(byte)] >= 0 else { throw .unencodable(byte: byte) }
            workspace.tokens.append(byteTokens[Int(byte)])
        }
        workspace.merger.merge(&workspace.tokens, by: merges)
        ids += workspace.tokens
    }
}
