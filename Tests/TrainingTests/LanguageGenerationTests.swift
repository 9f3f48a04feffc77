import Datasets
import Foundation
import Models
import NN
import Teaching
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Training

@Suite("Sampling of tokens") struct TokenSamplerTests {
    private let logits: [Float] = [1, 3, 0, 2, -5]

    private func probabilities(_ temperature: Double) -> [Double] {
        let masses = logits.map { exp(Double($0) / temperature) }
        return masses.map { $0 / masses.reduce(0, +) }
    }

    @Test("frequencies are the softmax of the logits over the temperature", arguments: [0.5, 1, 2])
    func frequencies(temperature: Double) throws {
        let sampler = try TokenSampler(temperature: temperature, seed: 11)
        var counts = [Int](repeating: 0, count: logits.count)
        for place in 0..<20000 { try counts[sampler.token(logits, at: place)] += 1 }
        for (count, probability) in zip(counts, probabilities(temperature)) {
            // Five deviations of a binomial.
            let deviation = (20000 * probability * (1 - probability)).squareRoot()
            #expect(abs(Double(count) - 20000 * probability) < 5 * deviation + 1)
        }
    }

    @Test("top-k and top-p keep the likeliest tokens, in proportion") func nucleus() throws {
        let all = probabilities(1)
        let two = try TokenSampler(temperature: 1, topK: 2).candidates(logits)
        #expect(two.map(\.token) == [1, 3])
        #expect(abs(two[0].probability - all[1] / (all[1] + all[3])) < 1e-9)
        // 0.64, 0.24, 0.09, 0.03, …: three reach 0.9.
        #expect(try TokenSampler(temperature: 1, topP: 0.9).candidates(logits).map(\.token) == [1, 3, 0])
        #expect(try TokenSampler(temperature: 1, topP: 0.1).candidates(logits).map(\.token) == [1])
        #expect(try TokenSampler(temperature: 1).candidates(logits).count == 5)
        #expect(
            abs(try TokenSampler(temperature: 1, topP: 0.9).candidates(logits).map(\.probability).reduce(0, +) - 1)
                < 1e-9)
    }

    @Test("without temperature the likeliest token is taken, the first of equals") func greedy() throws {
        #expect(try TokenSampler().token(logits, at: 3) == 1)
        #expect(try TokenSampler(temperature: 0, topK: 3).token([2, 2, 1], at: 0) == 0)
    }

    @Test(
        "logits that are no numbers are refused at any temperature, and masked tokens never chosen",
        arguments: [0.0, 1.0])
    func notFinite(temperature: Double) throws {
        let sampler = try TokenSampler(temperature: temperature)
        for value in [Float.nan, Float.infinity] {
            let error = #expect(throws: TrainingError.self) { try sampler.token([1, value, 0], at: 0) }
            #expect(
                error?.description
                    == "the model's logit of token 1 is \(value), expected a finite number, or -inf for a token that is "
                    + "masked")
        }
        let masked = [Float](repeating: -Float.infinity, count: 3)
        #expect(throws: TrainingError.self) { try sampler.token(masked, at: 0) }
        #expect(throws: TrainingError.self) { try sampler.token([], at: 0) }
        for place in 0..<50 { #expect(try sampler.token(masked + [2] + masked, at: place) == 3) }
    }

    @Test("seed and place decide") func seeds() throws {
        func draws(_ seed: UInt64) throws -> [Int] {
            let sampler = try TokenSampler(temperature: 2, seed: seed)
            return try (0..<50).map { try sampler.token(logits, at: $0) }
        }
        #expect(try draws(1) == draws(1))
        #expect(try draws(1) != draws(2))
    }

    @Test("settings out of range are named") func errors() {
        #expect(throws: TrainingError.self) { try TokenSampler(temperature: -1) }
        #expect(throws: TrainingError.self) { try TokenSampler(temperature: .nan) }
        #expect(throws: TrainingError.self) { try TokenSampler(topK: 0) }
        #expect(throws: TrainingError.self) { try TokenSampler(topP: 0) }
        #expect(throws: TrainingError.self) { try TokenSampler(topP: 1.5) }
    }
}

@Suite("Generating text", .serialized) struct TextGeneratorTests {
    @Test("accuracy is the share of answers that greedy generation gets right") func accuracy() throws {
        var recipe = tinyLanguageRecipe(epochs: 10, count: 300)
        recipe.training.learningRate = 5e-3
        guard case .wordProblems(var data) = recipe.data else {
            preconditionFailure("the tiny recipe is of word problems")
        }
        (data.levels, data.testCount) = ([1, 1], 60)
        recipe.data = .wordProblems(data)
        try withTemporaryFolder { folder in
            try recipe.yaml().write(toFile: "\(folder)/recipe.yaml", atomically: true, encoding: .utf8)
            let summary = try recipe.experiment().train(
                in: RunFolder(path: folder), from: nil, until: StopSignal()
            ) { _ in }
            let generator = try TextGenerator(folder)
            let problems = WordProblemSet(count: 1, testCount: 60, levels: 1...1)
            var right = 0
            for index in 0..<60 {
                let problem = problems.heldOutProblem(index)
                var text = ""
                try generator.generate(problem.question, TokenSampler(), maximumTokens: 8) { text += $0 }
                if text == " \(problem.answer)" { right += 1 }
            }
            #expect(right > 0, "a test of nothing otherwise")
            #expect(try abs(#require(summary.metrics["val/accuracy"]) - Double(right) / 60) < 1e-9)
        }
    }

    @Test("the cache changes nothing, and the context is the end") func cache() throws {
        try withTemporaryFolder { folder in
            try writeTinyLanguageModel(to: folder)
            let generator = try TextGenerator(folder)
            let sampler = try TokenSampler(temperature: 1.5, topK: 20, seed: 4)
            let prompt = try generator.tokenizer.encode("Ana has 3 pens.", addingSpecialTokens: true)
            var generated: [Int32] = []
            let count = try generator.generate(prompt, sampler, maximumTokens: 1000) {
                generated.append($0)
                return true
            }
            #expect(count == generated.count)
            #expect(prompt.count + count <= 96)
            #expect(count > 10)
            for place in generated.indices {
                let before = prompt + generated.prefix(place)
                let hidden = try generator.model.hidden(Tensor(before.map(Int64.init), shape: [1, before.count]))
                let logits: [Float] = try generator.model.logits(
                    hidden.sliced(1, before.count - 1..<before.count)
                ).values()
                #expect(try sampler.token(logits, at: place) == Int(generated[place]))
            }
            #expect(throws: TrainingError.self) { try generator.generate("", sampler, maximumTokens: 1) { _ in } }
            let long = String(repeating: "a", count: 96)
            #expect(throws: TrainingError.self) { try generator.generate(long, sampler, maximumTokens: 1) { _ in } }
        }
    }

    @Test("a tokenizer of more tokens than the model has is refused") func unfitTokenizer() throws {
        try withTemporaryFolder { folder in
            try writeTinyLanguageModel(to: folder)
            let size = CharacterTokenizer(of: WordProblemSet.scalars).vocabularySize
            let larger = CharacterTokenizer(of: Array(WordProblemSet.scalars) + ["ä", "ö"])
            let file = "\(folder)/larger/\(CharacterTokenizer.fileName)"
            try FileManager.default.createDirectory(atPath: "\(folder)/larger", withIntermediateDirectories: true)
            try larger.save(to: URL(fileURLWithPath: file))
            #expect(
                throws: TrainingError.mismatch(
                    what: "the model's vocab_size", found: "\(size)", expected: "at least the tokenizer's \(size + 2)")
            ) { try TextGenerator(folder, tokenizer: "\(folder)/larger") }
        }
    }
}

@Suite("Recipes of language models") struct LanguageRecipeTests {
    private func recipe(_ model: String, _ data: String = "{kind: word-problems, count: 50}") throws -> Recipe {
        try Recipe(
            yaml: "name: a\ndata: \(data)\nmodel: \(model)\ntraining: {epochs: 1}\nteacher: standard\n",
            source: "a.yaml")
    }

    @Test(
        "every setting comes back from a recipe that is written out",
        arguments: [
            "{kind: llama, hidden_size: 64, num_attention_heads: 4, num_key_value_heads: 2, rope_theta: 500000}",
            "{kind: gpt2, n_embd: 32, n_head: 2, n_layer: 2, n_positions: 64, resid_pdrop: 0.1}",
            "{kind: llama, init_from: some/folder, lora: {rank: 4, target_modules: [q_proj, v_proj]}}",
        ])
    func roundTrip(model: String) throws {
        for data in [
            "{kind: word-problems, count: 50, levels: [2, 3], label_noise: 0.1}",
            "{kind: text, path: a.txt, context: 32}",
            "{kind: jsonl, path: a.jsonl, test_path: b.jsonl, tokenizer: some/folder}",
        ] {
            let recipe = try recipe(model, data)
            #expect(try Recipe(yaml: recipe.yaml(), source: "again") == recipe)
        }
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("{kind: llama, hidden_sise: 64}", "unknown key model.hidden_sise; did you mean hidden_size?"),
            (
                "{kind: llama, num_attention_heads: 0}",
                "model.num_attention_heads is 0, expected an integer of at least 1"
            ),
            (
                "{kind: llama, num_hidden_layers: 1000000000000000}",
                "model.num_hidden_layers is 1000000000000000, expected an integer of at most 65536"
            ),
            (
                "{kind: gpt2, n_embd: 2305843009213693952}",
                "model.n_embd is 2305843009213693952, expected an integer of at most 2147483647"
            ),
            (
                "{kind: llama, num_attention_heads: 3}",
                "num_attention_heads is 3, expected a divisor of hidden_size 128"
            ),
            ("{kind: llama, lora: {target_modules: [q_proj]}}", "model.lora is set, expected init_from beside it"),
            ("{kind: llama, init_from: x, hidden_size: 64}", "unknown key model.hidden_size"),
            ("{kind: llama, init_from: x, lora: {rank: 0, target_modules: [q_proj]}}", "model.lora.rank is 0"),
        ])
    func errors(model: String, message: String) {
        let error = #expect(throws: (any Error).self) { try recipe(model) }
        #expect(error.map { "\($0)".contains(message) } == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test("the bundled recipe of word problems is one") func bundled() throws {
        let recipe = try Recipe(named: "word-problems")
        #expect(recipe.model.width == 64)
        #expect(recipe.data.kind == "word-problems")
    }
}
