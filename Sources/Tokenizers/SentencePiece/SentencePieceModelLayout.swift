import Foundation

/// What a serialised `ModelProto` says of itself, read before libsentencepiece sees it.
///
/// libsentencepiece takes a file cut off between two pieces for a smaller unigram model; here it is an error.
/// Field numbers: sentencepiece_model.proto of https://github.com/google/sentencepiece
struct SentencePieceModelLayout {
    private struct Piece {
        static let normal: UInt64 = 1
        static let userDefined: UInt64 = 4

        var text: ArraySlice<UInt8> = []
        var type = Piece.normal
    }

    private static let spaceMarker: [UInt8] = [0xE2, 0x96, 0x81]
    private static let bytePairModel: UInt64 = 2

    private var pieces: [Piece] = []
    private var isBytePair = false
    private var treatsSpaceAsSuffix = false
    private var keepsText = true
    private var addsDummyPrefix = true
    private var removesExtraSpaces = true
    private var escapesSpaces = true

    /// The id of U+2581 if a text may be cut at the start of any run of spaces without changing its ids, nil otherwise:
    /// a BPE model whose normaliser only escapes spaces and adds one in front, and whose pieces hold U+2581 only at
    /// their beginning.
    private(set) var spaceMarkerID: Int32?

    init(_ model: Data, file: String) throws(TokenizerError) {
        do throws(ProtobufReader.Fault) { try read(ArraySlice([UInt8](model))) } catch {
            throw .malformed(
                file: file, location: "byte \(error.offset)", found: error.found,
                expected: "the next field of a SentencePiece model")
        }
        spaceMarkerID = findSpaceMarker()
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
            default: break
            }
        }
        guard seen.isSuperset(of: [1, 2, 3]) else {
            throw .init(offset: model.endIndex, found: "the end of the file before its pieces and settings were complete")
        }
    }

    private static func piece(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Fault) -> Piece {
        var reader = ProtobufReader(message)
        var piece = Piece()
        while let field = try reader.next() {
            switch field.number {
            case 1: piece.text = field.content ?? []
            case 3: piece.type = field.integer ?? Piece.normal
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
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ message: ArraySlice<UInt8>) throws(ProtobufReader.Fault) {
        var reader = ProtobufReader(message)
        while let field = try reader.next() {
            switch field.number {
            case 2, 6: keepsText = keepsText && (field.content ?? []).isEmpty
            case 3: addsDummyPrefix = field.integer == 1
            case 4: removesExtraSpaces = field.integer == 1
            case 5: escapesSpaces = field.integer == 1
            default: break
            }
        }
    }

    private func findSpaceMarker() -> Int32? {
        guard isBytePair, !treatsSpaceAsSuffix, keepsText, addsDummyPrefix, !removesExtraSpaces, escapesSpaces,
            !pieces.contains(where: { $0.type == Piece.userDefined || Self.hasInnerSpaceMarker($0.text) })
        else { return nil }
        let marker = pieces.firstIndex { $0.type == Piece.normal && $0.text.elementsEqual(Self.spaceMarker) }
        return marker.map(Int32.init)
    }

    /// Whether U+2581 comes after any other character of the piece.
    private static func hasInnerSpaceMarker(_ piece: ArraySlice<UInt8>) -> Bool {
        var rest = piece
        while rest.starts(with: spaceMarker) { rest = rest.dropFirst(spaceMarker.count) }
        while let lead = rest.firstIndex(of: spaceMarker[0]) {
            rest = rest[lead...]
            if rest.starts(with: spaceMarker) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
