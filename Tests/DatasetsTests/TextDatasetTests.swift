import Foundation
import Testing
import Tokenizers

@testable import Datasets

/// What a sequence of a batch is made of: its tokens without padding, and the labels that count with their places.
private func row(_ index: Int, of batch: TokenBatch) -> (tokens: [Int32], labels: [Int: Int32]) {
    let start = index * batch.width
    let labels = (0..<batch.width).map { ($0, batch.labels[start + $0]) }.filter { $0.1 >= 0 }
    return (
        Array(batch.tokens[start..<start + batch.lengths[index]]), Dictionary(uniqueKeysWithValues: labels)
    )
}

@Suite("Text in blocks") struct TextBlockTests {
    private let tokenizer = CharacterTokenizer(of: "abcdefghijklmnopqrstuvwxyz".unicodeScalars)

    @Test("blocks lie end to end, and every token but the first is predicted once") func blocks() throws {
        let folder = try TemporaryFolder()
        let text = String((0..<103).map { "abcdefghijklmnopqrstuvwxyz".randomCharacter(at: $0) })
        let file = try TextFile(folder.write("a.txt", text: text))
        let (training, validation) = try file.blocks(tokenizer, context: 8, testShare: 0.2)
        let ids = tokenizer.encode(text, addingSpecialTokens: false)
        #expect(training.count == 11)  // 82 tokens: 81 to predict, ten blocks of eight and one of one.
        #expect(validation.count == 3)
        var predicted: [Int32] = []
        for number in 0..<Int32(training.count) {
            let batch = try training.collate([number], view: .plain)
            let row = row(0, of: batch)
            #expect(row.tokens == Array(ids[predicted.count..<predicted.count + row.tokens.count]))
            predicted += row.labels.sorted { $0.key < $1.key }.map(\.value)
        }
        #expect(predicted == Array(ids[1..<82]))
        #expect(try row(0, of: validation.collate([0], view: .plain)).tokens == Array(ids[82..<90]))
    }

    @Test("padding is at the end and counts for nothing") func padding() throws {
        let folder = try TemporaryFolder()
        let file = try TextFile(folder.write("a.txt", text: "abcdefghijklmnop"))
        let (training, _) = try file.blocks(tokenizer, context: 6, testShare: 0.2)
        let batch = try training.collate([1, 0], view: .plain)
        #expect(batch.lengths == [6, 6])
        let short = try training.collate([Int32(training.count - 1), 0], view: .augmented(seed: 1, visit: 2))
        #expect(short.width == 6)
        #expect(short.lengths[1] == 6)
        #expect(row(0, of: short).labels.count == short.lengths[0])
        #expect(throws: DatasetError.self) { try training.collate([99], view: .plain) }
    }

    @Test("a file that is absent, no text or too short is named") func errors() throws {
        let folder = try TemporaryFolder()
        #expect(folder.message { try TextFile(folder.path + "/a") } == "a: found nothing there, expected a text file")
        try folder.write("b", [0xFF, 0xFE, 0x80])
        #expect(folder.message { try TextFile(folder.path + "/b") }?.contains("it is not UTF-8") == true)
        let short = try TextFile(folder.write("c", text: "ab"))
        #expect(
            folder.message { try short.blocks(tokenizer, context: 4, testShare: 0.5) }?.contains("no examples") == true)
    }

    @Test("the fingerprint tells data apart") func fingerprint() throws {
        func dataset(_ text: String, context: Int) throws -> UInt64 {
            let folder = try TemporaryFolder()
            return try TextFile(folder.write("a", text: text)).blocks(tokenizer, context: context, testShare: 0.2)
                .training.fingerprint
        }
        let text = String(repeating: "abcdef", count: 9)
        #expect(try dataset(text, context: 4) == dataset(text, context: 4))
        #expect(try dataset(text, context: 4) != dataset(text, context: 5))
        #expect(try dataset(text, context: 4) != dataset("b" + text.dropFirst(), context: 4))
    }
}

@Suite("Records of text") struct TextRecordTests {
    private func records(_ lines: String...) throws -> [TextRecords.Record] {
        let folder = try TemporaryFolder()
        return try TextRecords(folder.write("a.jsonl", text: lines.joined(separator: "\n"))).records.map(\.record)
    }

    @Test("every shape is read") func shapes() throws {
        #expect(try records(#"{"text": "hello"}"#, "") == [.text("hello")])
        #expect(
            try records(#"{"prompt": "a", "completion": "b"}"#, "", #"{"prompt": "", "completion": "c", "id": 3}"#)
                == [.exchange(prompt: "a", response: "b"), .exchange(prompt: "", response: "c")])
        #expect(
            try records(#"{"question": "1+1?", "answer": "so #### 2"}"#)
                == [.exchange(prompt: "Question: 1+1?\nAnswer:", response: " so #### 2")])
        let alpaca = try records(
            #"{"instruction": "Add.", "input": "1 1", "output": "2"}"#, #"{"instruction": "Hi", "output": "Ho"}"#)
        let request = "Write a response that appropriately completes the request.\n\n### Instruction:\n"
        let task = "Below is an instruction that describes a task"
        let prompts = [
            "\(task), paired with an input that provides further context. \(request)"
                + "Add.\n\n### Input:\n1 1\n\n### Response:",
            "\(task). \(request)Hi\n\n### Response:",
        ]
        #expect(
            alpaca == [
                .exchange(prompt: prompts[0], response: " 2"), .exchange(prompt: prompts[1], response: " Ho"),
            ])
    }

    @Test(
        "a line that cannot be used is named",
        arguments: [
            ("{oops", "a.jsonl:2: found something else, expected a JSON object"),
            ("[1]", "a.jsonl:2: found something else, expected a JSON object"),
            (#"{"prompt": "a"}"#, "a.jsonl:2: found no completion, expected a text under completion"),
            (
                #"{"prompt": "a", "completion": ""}"#,
                "a.jsonl:2: found an empty completion, expected at least one character"
            ),
            (#"{"text": 3}"#, "a.jsonl:2: found a text that is no text, expected a text under text"),
            (
                #"{"b": 1, "a": 2}"#,
                "a.jsonl:2: found the keys a, b, expected text; prompt and completion; instruction and output; messages; "
                    + "or question and answer"
            ),
        ])
    func badLines(line: String, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.jsonl", text: #"{"text": "fine"}"# + "\n" + line + "\n")
        #expect(folder.message { try TextRecords(path) } == message)
    }

    @Test("only the response and the end are predicted") func labels() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.jsonl", text: #"{"prompt": "abc", "completion": "de"}"#)
        let records = try TextRecords(path)
        let tokenizer = CharacterTokenizer(of: records.scalars)
        let dataset = try records.dataset(tokenizer, context: 16)
        let ids = tokenizer.encode("abcde", addingSpecialTokens: false)
        let batch = try dataset.collate([0], view: .plain)
        #expect(batch.tokens == ids)
        #expect(batch.labels == [-100, -100, ids[3], ids[4], try #require(tokenizer.eosID)])
        #expect(dataset.parts(of: 0).prompt == Array(ids.prefix(3)))
        // The response is cut off where the context ends; a prompt that fills it is refused.
        #expect(try records.dataset(tokenizer, context: 3).collate([0], view: .plain).labels == [-100, -100, ids[3]])
        #expect(
            folder.message { try records.dataset(tokenizer, context: 2) }
                == "a.jsonl:1: found a prompt of 3 tokens, expected at most the context's 2")
    }

    @Test("a long text becomes several examples, and whole ones are held out, the same every time") func split() throws
    {
        let folder = try TemporaryFolder()
        // A letter of its own tells each text from the others.
        let lines = "abcdefghijklmnopqrst".enumerated().map { index, letter in
            #"{"text": "\#(String(repeating: letter, count: 4 * (1 + index % 7)))"}"#
        }
        let records = try TextRecords(folder.write("a.jsonl", text: lines.joined(separator: "\n")))
        let tokenizer = CharacterTokenizer(of: records.scalars)
        let all = try records.dataset(tokenizer, context: 8)
        #expect(all.count == lines.indices.reduce(0) { $0 + (4 * (1 + $1 % 7) + 7) / 8 })
        let (training, validation) = try all.split(testShare: 0.25)
        #expect(training.count + validation.count == all.count)
        #expect(try training.fingerprint == all.split(testShare: 0.25).training.fingerprint)
        func letters(_ data: TextDataset) throws -> Set<Int32> {
            let tokens = data.examples.flatMap { data.tokens[$0.start..<$0.start + $0.count] }
            return Set(tokens).subtracting([try #require(tokenizer.eosID)])
        }
        let (learnt, heldOut) = (try letters(training), try letters(validation))
        #expect(learnt.isDisjoint(with: heldOut))
        #expect(learnt.count == 15 && heldOut.count == 5)
    }

    @Test("one record, or a share that leaves none on a side, is refused") func splitRefusals() throws {
        let folder = try TemporaryFolder()
        func message(_ count: Int, _ testShare: Double) throws -> String? {
            let lines = (0..<count).map { _ in #"{"text": "\#(String(repeating: "ab", count: 40))"}"# }
            let records = try TextRecords(folder.write("a.jsonl", text: lines.joined(separator: "\n")))
            let all = try records.dataset(CharacterTokenizer(of: records.scalars), context: 8)
            return folder.message { try all.split(testShare: testShare) }
        }
        #expect(
            try message(1, 0.5)
                == "a.jsonl: found 1 record, expected at least 2, since whole ones are held out, or a test_path")
        for (share, heldOut) in [(0.1, 0), (0.9, 3)] {
            #expect(
                try message(3, share)
                    == "a.jsonl: found a test_share of \(share), which holds out \(heldOut) of 3 records, "
                    + "expected one that holds out at least 1 and leaves at least 1")
        }
        #expect(try message(2, 0.5) == nil)
    }
}

extension String {
    fileprivate func randomCharacter(at index: Int) -> Character {
        Array(self)[KeyedHash(seed: 3).keyed(by: index).below(count)]
    }
}
