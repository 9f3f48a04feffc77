import Testing

@testable import Tokenizers

@Suite("Streaming decoder")
struct TokenStreamTests {
    @Test("The pieces of every torture text make the whole, without a broken character", arguments: Model.present)
    func piecesMakeTheWhole(_ model: Model) throws {
        let tokenizer = try model.load()
        for torture in Fixtures.torture where torture.text.utf8.count < 400 {
            let ids = try tokenizer.encode(torture.text, addingSpecialTokens: true)
            let whole = try tokenizer.decode(ids)
            let pieces = try stream(ids, of: tokenizer)
            #expect(pieces.joined().unicodeScalars.elementsEqual(whole.unicodeScalars), "\(torture.name)")
            if !whole.unicodeScalars.contains("\u{FFFD}") {
                #expect(!pieces.contains { $0.unicodeScalars.contains("\u{FFFD}") }, "\(torture.name)")
            }
        }
    }

    @Test("The pieces of random ids, broken UTF-8 among them, make the whole", arguments: Model.present)
    func randomIDs(_ model: Model) throws {
        let tokenizer = try model.load()
        var generator = SeededGenerator(seed: 7)
        for round in 0..<60 {
            // Low ids are the bytes in most vocabularies: every other round is made of them.
            let limit = round % 2 == 0 ? tokenizer.vocabularySize : 259
            let ids = (0..<40).map { _ in Int32.random(in: 0..<Int32(limit), using: &generator) }
            let whole = try tokenizer.decode(ids)
            let pieces = try stream(ids, of: tokenizer)
            #expect(pieces.joined().unicodeScalars.elementsEqual(whole.unicodeScalars), "\(ids)")
        }
    }

    @Test("A character of four bytes comes out when its last byte does")
    func holdsBackHalfCharacters() throws {
        let tokenizer = try #require(try Model.tinyGPT2.load() as? BytePairTokenizer)
        let emoji = try "😀".utf8.map { byte in
            try #require((Int32(0)..<256).first { tokenizer.bytes(of: $0).elementsEqual([byte]) })
        }
        var stream = TokenStream(tokenizer)
        #expect(try emoji.map { try stream.append($0) } == ["", "", "", "😀"])
        #expect(try stream.append(emoji[0]) == "")
        #expect(try stream.finish() == "\u{FFFD}")
        #expect(try stream.finish() == "")
    }

    private func stream(_ ids: [Int32], of tokenizer: any Tokenizer) throws -> [String] {
        var stream = TokenStream(tokenizer)
        var pieces: [String] = []
        for id in ids { pieces.append(try stream.append(id)) }
        return pieces + [try stream.finish()]
    }
}
