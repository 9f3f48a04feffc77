import Foundation

/// What a serialised `ModelProto` says of itself, read before libsentencepiece sees it.
///
/// libsentencepiece takes a file cut off between two pieces for a smaller unigram model; here it is an error.
/// Field numbers: sentencepiece_model.proto of https://github.com/google/sentencepiece
struct SentencePieceModelLayout {
    /// The numbers of `SentencePiece.Type`.
    private enum PieceType {
        static let normal: UInt64 = 1
        static let userDefined: UInt64 = 4
        static let unused: UInt64 = 5
        static let byte: UInt64 = 6
    }

    private struct Piece {
        var text: [UInt8] = []
        var score: Float = 0
        var type = PieceType.normal
    }

    private static let bytePairModel: UInt64 = 2

    private var pieces: [Piece] = []
    private var isBytePair = false
    private var hasByteFallback = false
    private var treatsSpaceAsSuffix = false
    private var keepsText = true
    /// Whether libsentencepiece puts a space in front of each text.
    private(set) var addsDummyPrefix = true
    private var removesExtraSpaces = true
    private var escapesSpaces = true

    init(_ model: Data, file: String) throws(TokenizerError) {
        do throws(ProtobufReader.Fault) { try read(ArraySlice([UInt8](model))) } catch {
            throw .malformed(
                file: file, location: "byte \(error.offset)", found: error.found,
                expected: "the next field of a SentencePiece model")
        }
    }

    private mutating func read(_ model: ArraySlice<UInt8>) throws(ProtobufReader.Fault) {
        var reader = ProtobufReader(model)
        var seen: Set<UInt64> = []
        while let field = try reader.next() {
            seen.insert(field.number)
            switch (field.number, field.content) {
            case (1, let content?): pieces.append(try Self.piece(content))
            case (2, let content?): try readTrainer(content)
            case (3, let content?): try readNormalizer(content)
            case (5, let content?): try checkDenormalizer(content)
            default: break
            }
        }
        guard seen.isSuperset(of: [1, 2, 3]) else {
            throw .init(
                offset: model.endIndex, found: "the end of the file before its pieces and settings were complete")
        }
    }

    private func checkDenormalizer(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Fault) {
        var reader = ProtobufReader(message)
        while let field = try reader.next() {
            if field.number == 2 { try CharacterMap.check(field.content ?? []) }
        }
    }

    private static func piece(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Fault) -> Piece {
        var reader = ProtobufReader(message)
        var piece = Piece()
        while let field = try reader.next() {
            switch field.number {
            case 1: piece.text = Array(field.content ?? [])
            case 2: piece.score = field.float ?? 0
            case 3: piece.type = field.integer ?? PieceType.normal
            default: break
            }
        }
        return piece
    }

    private mutating func readTrainer(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Fault) {
        var reader = ProtobufReader(message)
        while let field = try reader.next() {
            switch field.number {
            case 3: isBytePair = field.integer == Self.bytePairModel
            case 24: treatsSpaceAsSuffix = field.integer == 1
            case 35: hasByteFallback = field.integer == 1
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Fault) {
        var reader = ProtobufReader(message)
        while let field = try reader.next() {
            switch field.number {
            case 2:
                try CharacterMap.check(field.content ?? [])
                keepsText = (field.content ?? []).isEmpty
            case 3: addsDummyPrefix = field.integer == 1
            case 4: removesExtraSpaces = field.integer == 1
            case 5: escapesSpaces = field.integer == 1
            default: break
            }
        }
    }
}

extension SentencePieceModelLayout {
    var pieceCount: Int { pieces.count }

    /// How piece `id` is spelled, nil if there is none.
    func spelling(of id: Int32) -> [UInt8]? {
        pieces.indices.contains(Int(id)) ? pieces[Int(id)].text : nil
    }

    func id(of spelling: String) -> Int32? {
        pieces.firstIndex { $0.text.elementsEqual(spelling.utf8) }.map(Int32.init(clamping:))
    }
}

extension SentencePieceModelLayout {
    /// The pieces for encoding without libsentencepiece, or nil where that could give other ids.
    ///
    /// It gives the same for a BPE model with byte fallback whose normaliser only escapes spaces and puts one in front,
    /// and whose pieces are made of characters that are pieces themselves, as Llama 2's is.
    var scoredPieces: ScoredPieces? {
        guard isBytePair, hasByteFallback, keepsText, addsDummyPrefix, !removesExtraSpaces, escapesSpaces,
            !treatsSpaceAsSuffix, pieces.allSatisfy(Self.isPlain), let byteIDs
        else { return nil }
        let normal = pieces.filter { $0.type == PieceType.normal }.map { String(decoding: $0.text, as: UTF8.self) }
        let characters = Set(normal.lazy.filter { $0.unicodeScalars.count == 1 }.flatMap(\.unicodeScalars))
        guard normal.allSatisfy({ $0.unicodeScalars.allSatisfy(characters.contains) }) else { return nil }
        let scored = pieces.map {
            ScoredPieces.Piece(
                bytes: $0.text.replacingSpaceMarkers, score: $0.score, isText: $0.type == PieceType.normal)
        }
        return ScoredPieces(scored, byteIDs: byteIDs)
    }

    private static func isPlain(_ piece: Piece) -> Bool {
        piece.type != PieceType.userDefined && piece.type != PieceType.unused && piece.score.isFinite
            && !piece.text.contains(UInt8(ascii: " "))
    }

    /// The ids of the pieces `<0x00>`...`<0xFF>`, or nil if any is missing.
    private var byteIDs: [Int32]? {
        let bytes = pieces.enumerated().filter { $0.element.type == PieceType.byte }
        let ids = Dictionary(bytes.map { ($0.element.text, Int32($0.offset)) }) { first, _ in first }
        let names = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)
        }
        let found = names.compactMap { ids[$0] }
        return found.count == names.count ? found : nil
    }
}

extension [UInt8] {
    /// These bytes with a space for each U+2581, SentencePiece's mark for one: E2 96 81 in UTF-8.
    var replacingSpaceMarkers: [UInt8] {
        guard contains(0xE2) else { return self }
        var replaced: [UInt8] = []
        replaced.reserveCapacity(count)
        var index = startIndex
        while index < endIndex {
            let isMarker = self[index] == 0xE2 && self[index...].starts(with: [0xE2, 0x96, 0x81])
            replaced.append(isMarker ? UInt8(ascii: " ") : self[index])
            index += isMarker ? 3 : 1
        }
        return replaced
    }
}
