import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Training

@Suite("Tokens that end a sequence", .serialized) struct GenerationEndTests {
    private func write(_ object: [String: Any], to path: String) throws {
        try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
    }

    private func generated(_ folder: String) throws -> [Int32] {
        let generator = try TextGenerator(folder)
        let sampler = try TokenSampler(temperature: 1.5, topK: 20, seed: 4)
        var tokens: [Int32] = []
        try generator.generate(generator.tokens(of: "Ana has 3 pens."), sampler, maximumTokens: 8) {
            tokens.append($0)
            return true
        }
        return tokens
    }

    @Test("generation_config.json names some beside the tokenizer's, else config.json") func files() throws {
        try withTemporaryFolder { folder in
            try writeTinyLanguageModel(to: folder)
            let (generation, configuration) = ("\(folder)/generation_config.json", "\(folder)/config.json")
            let whole = try generated(folder)
            try #require(whole.count == 8)
            let end = Int(whole[5])
            let cut = Array(whole.prefix { $0 != whole[5] })
            for named in [end, [0, end]] as [Any] {
                try write(["eos_token_id": named], to: generation)
                #expect(try generated(folder) == cut)
                #expect(try TextGenerator(folder).endIDs == [0, whole[5]])
            }
            let data = try Data(contentsOf: URL(fileURLWithPath: configuration))
            var root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            root["eos_token_id"] = end
            try write(root, to: configuration)
            try write(["eos_token_id": [Int]()], to: generation)
            #expect(try generated(folder) == whole)
            try write(["eos_token_id": NSNull()], to: generation)
            #expect(try generated(folder) == cut)
            try FileManager.default.removeItem(atPath: generation)
            #expect(try generated(folder) == cut)
        }
    }

    @Test("a run's are those of the model that it started from") func runs() throws {
        try withTemporaryFolder { folder in
            let base = "\(folder)/base"
            try writeTinyLanguageModel(to: base)
            try write(["eos_token_id": 7], to: "\(base)/generation_config.json")
            let run = try RunFolder.create("\(folder)/run")
            let recipe = tinyLanguageRecipe(epochs: 1, count: 16, model: .init(.llama, .stored(base)))
            try recipe.yaml().write(toFile: run.recipe, atomically: true, encoding: .utf8)
            _ = try recipe.experiment().train(in: run, from: nil, until: StopSignal()) { _ in }
            #expect(try TextGenerator(run.path).endIDs == [0, 7])
        }
    }

    @Test(
        "what is no token is named with its file",
        arguments: ["\"</s>\"", "[1.5]", "-1", "true", "[[1]]", "3000000000"])
    func malformed(value: String) throws {
        try withTemporaryFolder { folder in
            try writeTinyLanguageModel(to: folder)
            let file = "\(folder)/generation_config.json"
            try "{\"eos_token_id\": \(value)}".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(
                throws: CheckpointError.malformed(
                    file: file, found: "an eos_token_id that is no token", expected: "a token's id or a list of them")
            ) { try TextGenerator(folder) }
            try "[]".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(
                throws: CheckpointError.malformed(file: file, found: "something else", expected: "a JSON object")
            ) { try TextGenerator(folder) }
        }
    }
}
