import Checkpoints
import Foundation
import NN
import TestSupport
import Testing
import Tokenizers

@testable import Training

private func train(_ recipe: Recipe, in path: String) throws {
    let run = try RunFolder.create(path)
    try recipe.yaml().write(toFile: run.recipe, atomically: true, encoding: .utf8)
    _ = try recipe.experiment().train(in: run, from: nil, until: StopSignal()) { _ in }
}

/// A recipe that goes on with a stored model, on a text of other characters than those that the model knows.
private func recipe(
    on model: String, textIn folder: String, lora: AdapterPolicy? = nil, tokenizer: String? = nil
) throws -> Recipe {
    let text = "\(folder)/text.txt"
    try String(repeating: "Zoë has 12 äpples. ", count: 40).write(toFile: text, atomically: true, encoding: .utf8)
    var data = TextData(kind: .text, path: text)
    data.context = 32
    if let tokenizer { data.tokenizer = tokenizer }
    var recipe = tinyLanguageRecipe(epochs: 1, model: .init(.llama, .stored(model), lora: lora))
    recipe.data = .text(data)
    return recipe
}

@Suite("What a language model takes over from the one that it starts from", .serialized) struct LanguageOriginTests {
    private func vocabulary(_ path: String) throws -> CharacterTokenizer {
        try #require(try loadTokenizer(at: path) as? CharacterTokenizer)
    }

    @Test("a stored model keeps its own tokenizer over other texts, and so does one that starts from it")
    func tokenizer() throws {
        try withTemporaryFolder { folder in
            let (base, first, second) = ("\(folder)/base", "\(folder)/first", "\(folder)/second")
            try writeTinyLanguageModel(to: base)
            try train(recipe(on: base, textIn: folder), in: first)
            try train(recipe(on: first, textIn: folder), in: second)
            for run in [first, second] { #expect(try vocabulary(run) == vocabulary(base)) }
            // The unknown character is the vocabulary's second token.
            #expect(try vocabulary(second).encode("ë", addingSpecialTokens: false) == [1])
        }
    }

    @Test("where a run holds no tokenizer, it is that of the model that it goes back to") func noCopy() throws {
        try withTemporaryFolder { folder in
            let (base, first, second) = ("\(folder)/base", "\(folder)/first", "\(folder)/second")
            try writeTinyLanguageModel(to: base)
            try train(recipe(on: base, textIn: folder), in: first)
            try train(recipe(on: first, textIn: folder), in: second)
            for run in [first, second] {
                try FileManager.default.removeItem(atPath: "\(run)/\(CharacterTokenizer.fileName)")
            }
            #expect(try RunFolder.open(second).tokenizerPath() == base)
            #expect(try TextGenerator(second).tokenizer.vocabularySize == vocabulary(base).vocabularySize)
        }
    }

    @Test("a stored model without a tokenizer is refused unless the data names one") func missing() throws {
        try withTemporaryFolder { folder in
            let (base, named) = ("\(folder)/base", "\(folder)/named")
            try writeTinyLanguageModel(to: base)
            try FileManager.default.createDirectory(atPath: named, withIntermediateDirectories: true)
            let file = CharacterTokenizer.fileName
            try FileManager.default.moveItem(atPath: "\(base)/\(file)", toPath: "\(named)/\(file)")
            let text = try recipe(on: base, textIn: folder)
            for refused in [text, tinyLanguageRecipe(model: .init(.llama, .stored(base)))] {
                let error = #expect(throws: TrainingError.self) { try refused.experiment() }
                #expect(
                    error?.description
                        == "data.tokenizer is characters, expected the path of a tokenizer, since none can be found for "
                        + "the model \(base)")
            }
            let complete = try recipe(on: base, textIn: folder, tokenizer: named)
            #expect(throws: Never.self) { try complete.experiment() }
        }
    }

    @Test("generation_config.json comes through runs on runs, in use, in exports and in merged models")
    func generation() throws {
        try withTemporaryFolder { folder in
            let (base, first, second) = ("\(folder)/base", "\(folder)/first", "\(folder)/second")
            try writeTinyLanguageModel(to: base)
            let settings = Data(#"{"eos_token_id": [0, 7], "top_k": 5}"#.utf8)
            try settings.write(to: URL(fileURLWithPath: "\(base)/generation_config.json"))
            try train(recipe(on: base, textIn: folder), in: first)
            try train(recipe(on: first, textIn: folder), in: second)
            let policy = AdapterPolicy(rank: 2, alpha: 4, targetModules: ["q_proj"])
            try train(recipe(on: second, textIn: folder, lora: policy), in: "\(folder)/adapter")
            #expect(try TextGenerator(second).endIDs == [0, 7])
            try LanguageModelExport.write(run: second, to: "\(folder)/exported")
            try LanguageModelExport.merge("\(folder)/adapter", to: "\(folder)/merged")
            for name in ["exported", "merged"] {
                #expect(try ModelFolder("\(folder)/\(name)").generationConfiguration == settings)
            }
        }
    }
}
