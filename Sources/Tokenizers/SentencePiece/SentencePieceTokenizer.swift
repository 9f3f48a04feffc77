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
    private let prefix: [Int32]
    private let suffix: [Int32]

    /// Reads a `.model` file.
    ///
    /// - Parameters:
    ///   - addingBOS: Whether `encode(_:addingSpecialTokens: true)` begins with the model's `bosID`.
    ///   - addingEOS: Whether it ends with the model's `eosID`.
    public convenience init(
        contentsOf file: URL, addingBOS: Bool = true, addingEOS: Bool = false
    ) throws(TokenizerError) {
        let model = try readFile(file)
        try self.init(model: model, name: file.path, addingBOS: addingBOS, addingEOS: addingEOS)
    }

    init(model: Data, name: String, addingBOS: Bool, addingEOS: Bool) throws(TokenizerError) {
        let layout = try SentencePieceModelLayout(model, file: name)
        processor = try Processor(model, file: name)
        vocabularySize = try processor.vocabularySize()
        let ids = try processor.specialTokens()
        unknownID = ids.unknown < 0 ? nil : ids.unknown
        bosID = ids.bos < 0 ? nil : ids.bos
        eosID = ids.eos < 0 ? nil : ids.eos
        padID = ids.pad < 0 ? nil : ids.pad
        prefix = addingBOS ? [bosID].compactMap(\.self) : []
        suffix = addingEOS ? [eosID].compactMap(\.self) : []
        pieces = layout.scoredPieces
        serializedModel = model
    }

    public func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32] {
        var ids = addingSpecialTokens ? prefix : []
        ids.reserveCapacity(text.utf8.count / 3 + 2)
        if let pieces {
            pieces.encode(Array(text.utf8).replacingSpaceMarkers, into: &ids)
        } else {
            try processor.encode(Array(text.utf8), into: &ids)
        }
        if addingSpecialTokens { ids += suffix }
        return ids
    }

    public func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        for id in ids where id < 0 || id >= vocabularySize {
            throw .unknownID(id, vocabularySize: vocabularySize)
        }
        return try processor.decode(ids)
    }

    /// Writes the model where other SentencePiece programs can read it.
    public func save(to file: URL) throws(TokenizerError) { try writeFile(serializedModel, to: file) }
}
