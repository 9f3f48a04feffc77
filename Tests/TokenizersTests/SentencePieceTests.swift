import Foundation
import Testing

@testable import Tokenizers

@Suite("SentencePiece")
struct SentencePieceTests {
    private static let lines = Fixtures.torture.flatMap { $0.text.split(whereSeparator: \.isNewline).map(String.init) }

    @Test(
        "A trained model has the size wanted and gives every text back",
        arguments: [SentencePieceTraining.Model.bytePair, .unigram])
    func trains(_ model: SentencePieceTraining.Model) throws {
        let training = SentencePieceTraining(model: model, vocabularySize: 700, characterCoverage: 0.98)
        let tokenizer = try SentencePieceTokenizer.train(on: Self.lines, training)
        #expect(tokenizer.vocabularySize == 700)
        #expect([tokenizer.unknownID, tokenizer.bosID, tokenizer.eosID, tokenizer.padID] == [0, 1, 2, nil])
        for torture in Fixtures.torture where torture.name != "SentencePiece's space" {
            let ids = try tokenizer.encode(torture.text, addingSpecialTokens: true)
            #expect(ids.first == 1)
            #expect(
                try tokenizer.decode(ids).unicodeScalars.elementsEqual(torture.text.unicodeScalars), "\(torture.name)")
        }
    }

    @Test("Without byte fallback an unseen character is the unknown token")
    func hasUnknown() throws {
        let training = SentencePieceTraining(vocabularySize: 28, byteFallback: false)
        let tokenizer = try SentencePieceTokenizer.train(on: ["a cat and a hat and that cat"], training)
        #expect(try tokenizer.encode("cat 中", addingSpecialTokens: false).last == 0)
    }

    @Test("A saved model is read back with the same ids")
    func savesAndLoads() throws {
        let trained = try SentencePieceTokenizer.train(
            on: Self.lines, .init(vocabularySize: 600, characterCoverage: 0.98))
        try Fixtures.withFolder { folder in
            try trained.save(to: folder.appendingPathComponent("tokenizer.model"))
            let read = try loadTokenizer(from: folder)
            for torture in Fixtures.torture {
                let ids = try trained.encode(torture.text, addingSpecialTokens: true)
                #expect(try read.encode(torture.text, addingSpecialTokens: true) == ids)
            }
        }
    }

    @Test("Encoding without libsentencepiece gives its ids", arguments: [UInt64](0..<10))
    func equalsLibrary(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tokenizer = try SentencePieceTokenizer.train(
            on: Self.lines, .init(vocabularySize: 600, characterCoverage: 0.98))
        let model = tokenizer.serializedModel
        let processor = try Processor(model, file: "model")
        #expect(try SentencePieceModelLayout(model, file: "model").scoredPieces != nil)
        for _ in 0..<100 {
            let parts = (0..<12).map { _ in
                [" ", "  ", "a", "the", "\n", "é", "中", "\u{2581}", "d.", "1"].randomElement(using: &generator) ?? ""
            }
            var whole: [Int32] = []
            try processor.encode(Array(parts.joined().utf8), into: &whole)
            #expect(try tokenizer.encode(parts.joined(), addingSpecialTokens: false) == whole, "\(parts)")
        }
    }

    @Test("Lines that are too long for the trainer count as well, even one alone")
    func trainsOnLongLines() throws {
        let line = Array(repeating: "a cat and a hat and that cat", count: 700).joined(separator: " ") + " ж"
        let training = SentencePieceTraining(vocabularySize: 28, byteFallback: false, characterCoverage: 1)
        for lines in [[line], ["a cat and a hat", line]] {
            let tokenizer = try SentencePieceTokenizer.train(on: lines, training)
            #expect(try !tokenizer.encode("ж", addingSpecialTokens: false).contains(0))
        }
    }

    @Test("A line is cut at spaces, or between characters, and an endless character between scalars")
    func cutsLongLines() {
        let words = Array(repeating: "word", count: 2000).joined(separator: " ")
        let sentences = SentencePieceTraining.sentences(of: words)
        #expect(sentences.map(\.utf8.count) == [4189, 4189, 1619])
        #expect(sentences.joined(separator: " ") == words)
        let longest = String(repeating: "a", count: SentencePieceTraining.longestSentence)
        #expect(SentencePieceTraining.sentences(of: longest) == [longest[...]])
        #expect(SentencePieceTraining.sentences(of: "\(longest) b") == [longest[...], "b"])
        for character in ["e\u{301}", "👩‍👩‍👧"] {
            let text = String(repeating: character, count: 2000)
            let sentences = SentencePieceTraining.sentences(of: text)
            #expect(sentences.joined().utf8.elementsEqual(text.utf8))
            let size = 4192 / character.utf8.count * character.utf8.count
            #expect(sentences.dropLast().allSatisfy { $0.utf8.count == size })
        }
        let endless = "e" + String(repeating: "\u{301}", count: 5000)
        #expect(SentencePieceTraining.sentences(of: endless).map(\.utf8.count) == [4191, 4192, 1618])
        #expect(SentencePieceTraining.sentences(of: "a▅ b▅") == ["a", " b"])
        #expect(SentencePieceTraining.sentences(of: "").isEmpty)
    }

    @Test("What cannot be trained is an error with libsentencepiece's reason")
    func refusesToTrain() {
        #expect(throws: TokenizerError.trainingFailed(reason: "the text is empty")) {
            try SentencePieceTokenizer.train(on: [""], .init(vocabularySize: 300))
        }
        for size in [-1, 0, 10, 5000] {
            #expect {
                try SentencePieceTokenizer.train(on: ["a b c"], .init(vocabularySize: size))
            } throws: { error in
                guard case .trainingFailed(let reason)? = error as? TokenizerError else { return false }
                return !reason.isEmpty
            }
        }
    }

    @Test("A model cut off anywhere is an error")
    func refusesTruncatedModels() throws {
        let model = try SentencePieceTokenizer.train(
            on: ["a cat and a hat and that cat"], .init(vocabularySize: 28, byteFallback: false)
        ).serializedModel
        // The last field, the normaliser's settings, is whole or not there at all.
        for count in stride(from: 0, to: model.count, by: 7) {
            #expect(throws: TokenizerError.self, "\(count)") {
                try Fixtures.withFile(model.prefix(count)) { try SentencePieceTokenizer(contentsOf: $0) }
            }
        }
    }

    @Test("A size past the end of the file is named by its place")
    func refusesLyingSizes() throws {
        let lying = Data([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x41])
        try Fixtures.withFile(lying) { file in
            let error = TokenizerError.malformed(
                file: file.path, location: "byte 0", found: "a field of 4294967295 bytes where 1 are left",
                expected: "the next field of a SentencePiece model")
            #expect(throws: error) { try SentencePieceTokenizer(contentsOf: file) }
        }
    }

    @Test("A model with any bytes changed loads and encodes, or is an error", arguments: [UInt64](0..<4))
    func survivesChangedBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let training = SentencePieceTraining(
            model: .unigram, vocabularySize: 13, byteFallback: false, normalization: .nmtNFKC)
        let model = try SentencePieceTokenizer.train(on: ["a cat and a hat and that cat"], training).serializedModel
        var refused = 0
        for _ in 0..<60 {
            var changed = [UInt8](model)
            for _ in 0..<8 {
                changed[Int.random(in: 0..<model.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            do throws(TokenizerError) {
                let tokenizer = try SentencePieceTokenizer(
                    model: Data(changed), name: "changed", addingBOS: true, addingEOS: false)
                _ = try tokenizer.encode("that cat ﬁ ① か\u{3099}", addingSpecialTokens: true)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }
}
