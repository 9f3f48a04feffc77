import Foundation
import Testing
import Tokenizers

@testable import Datasets

/// Sets one token before every text, as SentencePiece does, and others around a sequence.
private struct PrefixingTokenizer: Tokenizer {
    let characters: CharacterTokenizer

    var vocabularySize: Int { characters.vocabularySize + 2 }
    var bosID: Int32? { Int32(characters.vocabularySize) }
    var eosID: Int32? { characters.eosID }
    var padID: Int32? { characters.padID }

    func encode(_ text: String, addingSpecialTokens: Bool) throws(TokenizerError) -> [Int32] {
        let first = Int32(characters.vocabularySize)
        let ids = [first + 1] + characters.encode(text, addingSpecialTokens: false)
        return addingSpecialTokens ? [first] + ids + [0] : ids
    }

    func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        try characters.decode(ids.filter { $0 < characters.vocabularySize })
    }
}

@Suite("Conversations and arrays of records") struct TextShapeTests {
    private static let chat =
        #"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}, "#
        + #"{"role": "assistant", "content": "bc"}, {"role": "user", "content": "d"}, "#
        + #"{"role": "assistant", "content": "efg"}]}"#

    private func records(_ text: String, template: PromptTemplate = .alpaca) throws -> TextRecords {
        let folder = try TemporaryFolder()
        return try TextRecords(folder.write("a.json", text: text), template: template)
    }

    @Test("an array holds the same records as lines do") func arrays() throws {
        let objects = [
            #"{"text": "hello"}"#, #"{"question": "q", "answer": "a"}"#, #"{"prompt": "p", "completion": "c"}"#,
            #"{"instruction": "i", "output": "o"}"#, Self.chat,
        ]
        let lines = try records(objects.joined(separator: "\n"))
        let array = try records("\n [" + objects.joined(separator: ",\n\n") + "]\n")
        #expect(lines.records.map(\.record) == array.records.map(\.record))
        #expect(lines.records.map(\.place) == (1...5).map(TextRecords.Place.line))
        #expect(array.records.map(\.place) == (0..<5).map(TextRecords.Place.index))
    }

    @Test("a conversation is put into the template turn by turn") func templates() throws {
        let alpaca = try records(Self.chat).records.map(\.record)
        #expect(
            alpaca == [
                .conversation([
                    .init(prompt: "Be brief.\n\n### Instruction:\na\n\n### Response:", response: " bc"),
                    .init(prompt: "\n\n### Instruction:\nd\n\n### Response:", response: " efg"),
                ])
            ])
        let chatml = try records(Self.chat, template: .chatml).records[0].record
        guard case .conversation(let exchanges) = chatml else { return #expect(Bool(false), "messages converse") }
        #expect(
            exchanges.map { $0.prompt + $0.response }.joined()
                == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"
                + "bc<|im_end|>\n<|im_start|>user\nd<|im_end|>\n<|im_start|>assistant\nefg<|im_end|>")
        #expect(exchanges.map(\.response) == ["bc<|im_end|>", "efg<|im_end|>"])
    }

    @Test("a model is asked as it was taught", arguments: PromptTemplate.allCases) func prompts(
        template: PromptTemplate
    )
        throws
    {
        let taught = try records(#"{"instruction": "Add.", "input": "1 1", "output": "2"}"#, template: template)
        let prompt = template.prompt(instruction: "Add.", input: "1 1")
        #expect(
            taught.records[0].record == .conversation([.init(prompt: prompt, response: template.response("2"))]))
        let plain = try records(#"{"instruction": "Hi", "output": "Ho"}"#, template: template)
        let chat = try records(
            #"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}"#,
            template: template)
        #expect(plain.records[0].record == chat.records[0].record)
        #expect(template.prompt([.init(role: .user, content: "Hi")]) == template.prompt(instruction: "Hi"))
    }

    @Test(
        "a conversation's turns are asked with the tokens that it is taught with",
        arguments: PromptTemplate.allCases)
    func askedTokens(template: PromptTemplate) throws {
        let records = try records(Self.chat, template: template)
        guard case .conversation(let exchanges) = records.records[0].record else {
            return #expect(Bool(false), "messages converse")
        }
        let tokenizer = PrefixingTokenizer(characters: CharacterTokenizer(of: records.scalars))
        let parts = try records.dataset(tokenizer, context: 1000).parts(of: 0)
        #expect(try TextRecords.promptTokens(of: Array(exchanges.prefix(1)), tokenizer) == parts.prompt)
        let taught = parts.prompt + parts.response
        let asked = try TextRecords.promptTokens(of: exchanges, tokenizer)
        let response = tokenizer.characters.encode(exchanges[1].response, addingSpecialTokens: false)
        #expect(taught == asked + response + [try #require(tokenizer.eosID)])
    }

    @Test("the assistant's turns and their ends are predicted, and nothing else") func labels() throws {
        let records = try records(Self.chat)
        let tokenizer = CharacterTokenizer(of: records.scalars)
        let dataset = try records.dataset(tokenizer, context: 200)
        let batch = try dataset.collate([0], view: .plain)
        let predicted = batch.labels.filter { $0 >= 0 }
        let end = try #require(tokenizer.eosID)
        #expect(predicted == [" bc", " efg"].flatMap { tokenizer.encode($0, addingSpecialTokens: false) + [end] })
        for (place, label) in batch.labels.enumerated() where label >= 0 && place + 1 < batch.width {
            #expect(batch.tokens[place + 1] == label)
        }
        // Cut off within the second question, the first answer remains.
        let short = try records.dataset(tokenizer, context: 50).collate([0], view: .plain)
        #expect(short.labels.filter { $0 >= 0 } == Array(predicted.prefix(4)))
        #expect(short.width == 50)
    }

    @Test(
        "a record that cannot be used is named by its place in the array",
        arguments: [
            ("3", "a.json[1]: found something else, expected a JSON object"),
            (
                #"{"prompt": "a", "completion": " \n"}"#,
                "a.json[1]: found an empty completion, expected at least one character"
            ),
            (#"{"messages": 1}"#, "a.json[1]: found messages that are no list, expected a list"),
            (#"{"messages": []}"#, "a.json[1]: found no messages, expected some that the assistant ends"),
            (
                #"{"messages": [{"role": "user", "content": "a"}]}"#,
                "a.json[1]: found messages that the user ends, expected some that the assistant ends"
            ),
            (
                #"{"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}"#,
                "a.json[1]: found the role tool in messages[1], expected system at the start, then user or assistant"
            ),
            (
                #"{"messages": [{"role": "assistant", "content": ""}]}"#,
                "a.json[1]: found an empty content, expected at least one character"
            ),
        ])
    func badRecords(record: String, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.json", text: #"[{"text": "fine"}, "# + record + "]")
        #expect(folder.message { try TextRecords(path) } == message)
    }

    @Test("an array that is not JSON, and a prompt that fills the context, are named") func badArrays() throws {
        let folder = try TemporaryFolder()
        let broken = try folder.write("b.json", text: "[{\"text\": \"a\"},\n{\"text\": }]")
        #expect(folder.message { try TextRecords(broken) }?.hasPrefix("b.json: found corrupt data (") == true)
        let path = try folder.write("a.json", text: #"[{"text": "abc"}, {"prompt": "abc", "completion": "d"}]"#)
        let records = try TextRecords(path)
        #expect(
            folder.message { try records.dataset(CharacterTokenizer(of: records.scalars), context: 2) }
                == "a.json[1]: found a prompt of 3 tokens, expected at most the context's 2")
    }
}

@Suite("Published instruction data") struct PublishedTextTests {
    /// `ATTENT_DATA`, or a folder beside the package.
    static let data: URL =
        if let folder = ProcessInfo.processInfo.environment["ATTENT_DATA"] {
            URL(fileURLWithPath: folder)
        } else {
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data")
        }

    static func isThere(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: data.appendingPathComponent(name).path)
    }

    @Test(
        "every record of the files is read and has a response to learn",
        .enabled(if: isThere("instruct"), "the instruction files are not there"),
        arguments: [("alpaca_en_demo", 999), ("instruction-1100", 1100), ("new_codealpaca", 4535)])
    func instructions(name: String, count: Int) throws {
        let records = try TextRecords(Self.data.appendingPathComponent("instruct/\(name).json").path)
        #expect(records.records.count == count)
        let data = try records.dataset(CharacterTokenizer(of: "".unicodeScalars), context: 1 << 14)
        #expect(data.count == count)
        for number in 0..<count { #expect(!data.parts(of: number).response.isEmpty) }
    }

    @Test("GSM8K's problems are read", .enabled(if: isThere("gsm8k"), "the files of GSM8K are not there"))
    func gsm8k() throws {
        for (name, count) in [("train", 7473), ("test", 1319)] {
            let records = try TextRecords(Self.data.appendingPathComponent("gsm8k/\(name).jsonl").path)
            #expect(records.records.count == count)
            guard case .conversation(let exchanges) = records.records[0].record else {
                return #expect(Bool(false), "a question has an answer")
            }
            #expect(exchanges[0].prompt.hasPrefix("Question: "))
            #expect(exchanges[0].response.contains("#### "))
        }
    }
}
