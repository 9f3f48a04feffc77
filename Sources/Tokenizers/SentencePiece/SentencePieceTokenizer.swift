import CSentencePiece
import Foundation

/// A SentencePiece model (Kudo and Richardson 2018, arXiv 1808.06226), as Llama 2, Mistral and Gemma carry in
/// `tokenizer.model`: BPE or unigram, through libsentencepiece.
public final class SentencePieceTokenizer: Tokenizer {
    public let vocabularySize: Int
    public let bosID: Int32?
    public let eosID: Int32?
    public let padID: Int32?
    /// The id of what no piece covers, where the model has one.
    public let unknownID: Int32?
    /// The content of the `.model` file.
    public let serializedModel: Data

    private let processor: Processor
    /// Encodes instead of `processor`, to the same ids and faster, where the model allows it.
    private let pieces: ScoredPieces?
    /// Stands in for `processor` where text goes on behind an added token, nil if such text is treated like any other.
    private let continuation: Processor?
    private let addedTokens: AddedTokenFinder
    /// What the added tokens that are not special decode to.
    private let addedTexts: [Int32: String]
    private let specialIDs: Set<Int32>
    private let prefix: [Int32]
    private let suffix: [Int32]

    /// Reads a `.model` file, and what Hugging Face's libraries keep in the same folder: `tokenizer_config.json` and
    /// `added_tokens.json`, as far as they are there.
    ///
    /// - Parameters:
    ///   - addingBOS: Whether `encode(_:addingSpecialTokens: true)` begins with `bosID`; nil does as those files say, or
    ///     else begins with it.
    ///   - addingEOS: Whether it ends with `eosID`; nil does as those files say, or else does not.
    public convenience init(
        contentsOf file: URL, addingBOS: Bool? = nil, addingEOS: Bool? = nil
    ) throws(TokenizerError) {
        let model = try readFile(file)
        try self.init(
            model: model, name: file.path, addingBOS: addingBOS, addingEOS: addingEOS,
            companionsIn: file.deletingLastPathComponent())
    }

    init(
        model: Data, name: String, addingBOS: Bool?, addingEOS: Bool?, companionsIn folder: URL? = nil
    ) throws(TokenizerError) {
        let layout = try SentencePieceModelLayout(model, file: name)
        let companions = try SentencePieceCompanions(in: folder, layout)
        let processor = try Processor(model, file: name)
        let isSpacedOnce = !companions.isLegacy && layout.addsDummyPrefix
        continuation = try isSpacedOnce ? Processor(model.withoutDummyPrefix, file: name) : nil
        let size = try processor.vocabularySize()
        vocabularySize = size + companions.addedTokens.count(where: { $0.id >= size })
        let ids = try processor.specialTokens()
        unknownID = ids.unknown < 0 ? nil : ids.unknown
        bosID = companions.special.bos ?? (ids.bos < 0 ? nil : ids.bos)
        eosID = companions.special.eos ?? (ids.eos < 0 ? nil : ids.eos)
        padID = companions.special.pad ?? (ids.pad < 0 ? nil : ids.pad)
        prefix = addingBOS ?? companions.addsBOS ?? true ? [bosID].compactMap(\.self) : []
        suffix = addingEOS ?? companions.addsEOS ?? false ? [eosID].compactMap(\.self) : []
        addedTokens = AddedTokenFinder(companions.addedTokens)
        addedTexts = companions.texts(layout)
        specialIDs = companions.specialIDs
        pieces = layout.scoredPieces
        self.processor = processor
        serializedModel = model
    }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32] {
        var ids = addingSpecialTokens ? prefix : []
        ids.reserveCapacity(text.utf8.count / 3 + 2)
        try addedTokens.split(Array(text.utf8)) { (stretch) throws(TokenizerError) in
            try encode(stretch, into: &ids)
        } token: {
            ids.append($0)
        }
        if addingSpecialTokens { ids += suffix }
        return ids
    }

    private func encode(_ stretch: ArraySlice<UInt8>, into ids: inout [Int32]) throws(TokenizerError) {
        let other = stretch.startIndex > 0 ? continuation : nil
        if let pieces {
            pieces.encode(Array(stretch).replacingSpaceMarkers, addingSpace: other == nil, into: &ids)
        } else {
            try (other ?? processor).encode(Array(stretch), into: &ids)
        }
    }

    public func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        var text = ""
        var stretch: [Int32] = []
        for id in ids {
            guard id >= 0, id < vocabularySize else { throw .unknownID(id, vocabularySize: vocabularySize) }
            guard !specialIDs.contains(id) else { continue }
            guard let added = addedTexts[id] else {
                stretch.append(id)
                continue
            }
            text += try decode(stretch, after: text) + added
            stretch.removeAll(keepingCapacity: true)
        }
        return try text + decode(stretch, after: text)
    }

    private func decode(_ stretch: [Int32], after text: String) throws(TokenizerError) -> String {
        let other = text.isEmpty ? nil : continuation
        return try (other ?? processor).decode(stretch)
    }

    /// Writes the model where other SentencePiece programs can read it.
    public func save(to file: URL) throws(TokenizerError) { try writeFile(serializedModel, to: file) }
}

extension Data {
    /// This model without the space that libsentencepiece puts in front of each text: of two settings in a protocol buffer,
    /// the second, here `normalizer_spec { add_dummy_prefix: false }`, is the one that counts.
    var withoutDummyPrefix: Data { self + Data([0x1A, 0x02, 0x18, 0x00]) }
}
