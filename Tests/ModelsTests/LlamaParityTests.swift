import Models
import NN
import TestSupport
import Testing
import Torch

struct LlamaParityTests {
    @Test("logits equal those of transformers, element by element", arguments: LanguageModelGolden.families)
    func logits(_ family: String) throws {
        let golden = try LanguageModelGolden(family)
        let (model, _) = try golden.model()
        let logits = try model.logits(model.hidden(golden.tensor("tokens")))
        #expect(try mismatch(logits, golden.tensor("logits")) == nil)
    }

    @Test(
        "every gradient of the mean next-token loss equals that of transformers",
        arguments: LanguageModelGolden.families)
    func gradients(_ family: String) throws {
        let golden = try LanguageModelGolden(family)
        let (model, parameters) = try golden.model()
        let tokens = try golden.tensor("tokens")
        let targets = try LanguageTargets(labels: nextTokens(tokens))
        try model.losses(model.hidden(tokens), targets).tokens.mean().backward()
        for entry in parameters.entries {
            let found = try #require(try entry.tensor.gradient(), "\(entry.name) has no gradient")
            let problem = try mismatch(found, golden.tensor("gradients.\(entry.name)"))
            #expect(problem == nil, "\(entry.name)")
        }
    }
}
