import Foundation

/// One id a Unicode scalar, those of the text it was made from; two more end a sequence and stand for all other scalars.
public struct CharacterTokenizer: Tokenizer, Equatable {
    private static let endID: Int32 = 0
    private static let unknownID: Int32 = 1
    private static let firstID: Int32 = 2
    /// The file's name in a folder.
    public static let fileName = "characters.json"

    /// In the order of their ids.
    let scalars: [Unicode.Scalar]
    private let ids: [Unicode.Scalar: Int32]

    public var vocabularySize: Int { scalars.count + Int(Self.firstID) }
    public var bosID: Int32? { nil }
    public var eosID: Int32? { Self.endID }
    public var padID: Int32? { Self.endID }

    /// Gives an id to every scalar that occurs in `text`, in the scalars' own order.
    public init(of text: some Sequence<Unicode.Scalar>) { self.init(scalars: Set(text).sorted()) }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
        ids = Dictionary(uniqueKeysWithValues: zip(scalars, Self.firstID...))
    }

    /// A scalar without an id becomes the unknown one; there are no tokens around a sequence.
    public func encode(_ text: String, addingSpecialTokens: Bool) -> [Int32] {
        text.unicodeScalars.map { ids[$0] ?? Self.unknownID }
    }

    public func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        var text = String.UnicodeScalarView()
        for id in ids where id != Self.endID {
            guard id > 0, id < vocabularySize else { throw .unknownID(id, vocabularySize: vocabularySize) }
            text.append(id == Self.unknownID ? "\u{FFFD}" : scalars[Int(id - Self.firstID)])
        }
        return String(text)
    }
}

extension CharacterTokenizer {
    private struct Content: Codable {
        var characters: String
    }

    /// Reads what `save` wrote.
    public init(contentsOf file: URL) throws(TokenizerError) {
        let content = try decodeJSON(Content.self, from: readFile(file), file: file.path)
        let scalars = Array(content.characters.unicodeScalars)
        guard Set(scalars).count == scalars.count else {
            throw .malformed(
                file: file.path, location: "characters", found: "a character twice", expected: "each of them once")
        }
        self.init(scalars: scalars)
    }

    public func save(to file: URL) throws(TokenizerError) {
        let content = Content(characters: String(String.UnicodeScalarView(scalars)))
        let data: Data
        do { data = try JSONEncoder().encode(content) } catch {
            throw .unwritable(file: file.path, reason: error.localizedDescription)
        }
        try writeFile(data, to: file)
    }
}
