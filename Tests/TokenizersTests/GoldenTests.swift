import Foundation
import Testing

@testable import Tokenizers

@Suite("Goldens of the reference tokenizers")
struct GoldenTests {
    @Test(
        "Tiny models with the pre-tokenisers of GPT-2, Llama 3 and Qwen 2 equal tokenizers",
        arguments: [Model.tinyGPT2, .tinyLlama3, .tinyQwen2])
    func tinyModels(_ model: Model) throws {
        try equalsReference(model)
    }

    @Test("GPT-2 equals tokenizers", .enabled(if: Model.gpt2.isPresent, Model.gpt2.absence))
    func gpt2() throws {
        try equalsReference(.gpt2)
    }

    @Test("Llama 2 equals sentencepiece", .enabled(if: Model.llama2.isPresent, Model.llama2.absence))
    func llama2() throws {
        try equalsReference(.llama2)
    }

    @Test("The tokenizer of stories260K equals run.c", .enabled(if: Model.tok512.isPresent, Model.tok512.absence))
    func tok512() throws {
        try equalsReference(.tok512)
    }

    private func equalsReference(_ model: Model) throws {
        let tokenizer = try model.load()
        let goldens = try Fixtures.decode([Golden].self, "\(model.rawValue).golden.json")
        try #require(goldens.count == Fixtures.torture.count && goldens.count > 40)
        for (golden, torture) in zip(goldens, Fixtures.torture) {
            let ids = try tokenizer.encode(torture.text, addingSpecialTokens: true)
            #expect(ids == golden.ids, "\(torture.name)")
            let decoded = try tokenizer.decode(golden.ids)
            let expected = golden.decoded ?? torture.text
            #expect(decoded.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(torture.name)")
        }
    }

    @Test("Special tokens frame a text only when asked for", arguments: Model.present)
    func framesOnRequest(_ model: Model) throws {
        let tokenizer = try model.load()
        let bare = try tokenizer.encode("a text", addingSpecialTokens: false)
        let framed = try tokenizer.encode("a text", addingSpecialTokens: true)
        let frame: [Int32] = [.tinyLlama3, .llama2, .tok512].contains(model) ? [try #require(framed.first)] : []
        #expect(framed == frame + bare)
        #expect(frame.isEmpty || frame.first != bare.first)
    }

    @Test("Threads that share a tokenizer get the ids of one alone", arguments: Model.present)
    func isThreadSafe(_ model: Model) async throws {
        let tokenizer = try model.load()
        let alone = try Fixtures.torture.map { try tokenizer.encode($0.text, addingSpecialTokens: false) }
        try await withThrowingTaskGroup(of: [[Int32]].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try Fixtures.torture.map { try tokenizer.encode($0.text, addingSpecialTokens: false) }
                }
            }
            for try await ids in group { #expect(ids == alone) }
        }
    }

    @Test("Random texts come back whole from byte-level BPE", arguments: [UInt64](0..<20))
    func roundTrips(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tokenizer = try Model.tinyLlama3.load()
        for _ in 0..<20 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...80, using: &generator) {
                let limit: UInt32 = [0x80, 0x800, 0x1_0000, 0x11_0000].randomElement(using: &generator) ?? 0x80
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) { text.append(scalar) }
            }
            let ids = try tokenizer.encode(String(text), addingSpecialTokens: false)
            #expect(try tokenizer.decode(ids).unicodeScalars.elementsEqual(text))
        }
    }

    @Test("An id outside the vocabulary is an error", arguments: Model.present)
    func refusesUnknownID(_ model: Model) throws {
        let tokenizer = try model.load()
        for id in [-1, Int32(tokenizer.vocabularySize), .min, .max] {
            #expect(throws: TokenizerError.unknownID(id, vocabularySize: tokenizer.vocabularySize)) {
                try tokenizer.decode([id])
            }
        }
    }
}
