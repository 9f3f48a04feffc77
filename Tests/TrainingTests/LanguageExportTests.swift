import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Training

/// A base in Hugging Face's layout and a LoRA run on it, trained for two steps.
private func withAdapterRun(
    isRankStabilized: Bool = true, _ body: (_ folder: String, _ base: String, _ run: String) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        let (base, run) = ("\(folder)/base", "\(folder)/run")
        try writeTinyLanguageModel(to: base)
        let policy = AdapterPolicy(
            rank: 4, alpha: 6, targetModules: ["q_proj", "down_proj"], isRankStabilized: isRankStabilized)
        var recipe = tinyLanguageRecipe(
            epochs: 1, count: 16, model: .init(.llama, .stored(base), lora: policy))
        recipe.training.learningRate = 0.1
        try train(recipe, in: run)
        try body(folder, base, run)
    }
}

private func train(_ recipe: Recipe, in path: String) throws {
    let run = try RunFolder.create(path)
    try recipe.yaml().write(toFile: run.recipe, atomically: true, encoding: .utf8)
    _ = try recipe.experiment().train(in: run, from: nil, until: StopSignal()) { _ in }
}

private func tokens() throws -> Tensor { try Tensor((2..<26).map { Int64($0) }, shape: [2, 12]) }

private func logits(_ path: String, base: String? = nil) throws -> Tensor {
    let stored = try StoredLearner(path, base: base)
    let (model, _) = try ParameterBuilder.build(stored.builder(dtype: .float32)) { path throws(TorchError) in
        try stored.network.model(path)
    }
    return try withoutGradients { try model.logits(model.hidden(tokens())) }
}

@Suite("Exporting and merging", .serialized) struct LanguageExportTests {
    @Test("a run's export is a whole model with the run's logits, in any type of weights")
    func model() throws {
        try withTemporaryFolder { folder in
            let run = "\(folder)/run"
            try train(tinyLanguageRecipe(epochs: 1, count: 16), in: run)
            #expect(try LanguageModelExport.write(run: run, to: "\(folder)/a/model") == .model)
            #expect(try mismatch(logits("\(folder)/a/model"), logits(run)) == nil)
            let saved = try ModelFolder("\(folder)/a/model")
            let generation = try #require(saved.generationConfiguration)
            #expect(
                try JSONSerialization.jsonObject(with: generation) as? [String: Int] == [
                    "eos_token_id": 0, "pad_token_id": 0,
                ])
            #expect(try loadTokenizer(at: saved.path).vocabularySize == loadTokenizer(at: run).vocabularySize)
            try LanguageModelExport.write(run: run, as: .bfloat16, to: "\(folder)/half")
            #expect(try StoredLanguageModel("\(folder)/half").dtype == .bfloat16)
            var text = ""
            try TextGenerator("\(folder)/half").generate("Ana has", TokenSampler(), maximumTokens: 5) { text += $0 }
            #expect(!text.isEmpty)
            #expect(
                try mismatch(logits("\(folder)/half"), logits(run), Tolerance(absolute: 0.1, relative: 0.05)) == nil)
        }
    }

    @Test("merged logits are those of the adapter on its base", arguments: [true, false])
    func merging(isRankStabilized: Bool) throws {
        try withAdapterRun(isRankStabilized: isRankStabilized) { folder, base, run in
            let expected = try logits(run)
            #expect(try mismatch(logits(base), expected) != nil, "an adapter that does nothing")
            #expect(try LanguageModelExport.write(run: run, to: "\(folder)/adapter") == .adapter)
            #expect(try AdapterFolder("\(folder)/adapter").policy.isRankStabilized == isRankStabilized)
            #expect(try mismatch(logits("\(folder)/adapter"), expected) == nil)
            try LanguageModelExport.merge(run, to: "\(folder)/from-run")
            try LanguageModelExport.merge("\(folder)/adapter", into: base, to: "\(folder)/from-folder")
            for name in ["from-run", "from-folder"] {
                #expect(try mismatch(logits("\(folder)/\(name)"), expected) == nil)
                #expect(try loadTokenizer(at: "\(folder)/\(name)").vocabularySize > 0)
                #expect(
                    try ModelFolder("\(folder)/\(name)").weights.tensorNames == ModelFolder(base).weights.tensorNames)
            }
        }
    }

    @Test(
        "a bfloat16 base stays one unless another type is asked for, and its merged weights are rounded once",
        arguments: [nil, .float32] as [DType?])
    func halfPrecision(type: DType?) throws {
        try withAdapterRun { folder, base, run in
            let whole = try StoredLearner(base).parameters()
            let half = "\(folder)/half"
            try ModelFolder.write(
                whole, configuration: StoredLanguageModel(base).configuration, as: .bfloat16, companionsFrom: base,
                to: half)
            try LanguageModelExport.merge(run, into: half, as: type, to: "\(folder)/merged")
            #expect(try StoredLanguageModel("\(folder)/merged").dtype == type ?? .bfloat16)
            let name = "model.layers.0.self_attn.q_proj.weight"
            let adapted = try #require(StoredLearner(run, base: half).parameters().adapted.first { $0.name == name })
            let start = try ModelFolder(half).weights.tensor(named: name).to(.float32)
            let sum = try withoutGradients {
                let (a, b) = (adapted.adapter.a, adapted.adapter.b)
                return try start + b.matmul(a) * adapted.adapter.scaling
            }
            let merged = try ModelFolder("\(folder)/merged").weights.tensor(named: name)
            #expect(try mismatch(merged, sum.to(type ?? .bfloat16)) == nil)
            #expect(
                try (mismatch(merged, sum.to(.bfloat16)) == nil) == (type == nil), "low bits that are lost or made up")
        }
    }

    @Test("everything in which adapter and base disagree is one error, and nothing is left behind")
    func mismatches() throws {
        try withAdapterRun { folder, base, run in
            let adapter = try LanguageModelExport.write(run: run, to: "\(folder)/adapter")
            #expect(adapter == .adapter)
            let file = "\(folder)/adapter/adapter_model.safetensors"
            let stored = try SafetensorsFile(file)
            var entries = try stored.tensorNames.map {
                Parameters.Entry(name: $0, tensor: try stored.tensor(named: $0).clone())
            }
            let (wrong, missing) = (entries[0].name, entries[1].name)
            entries[0] = .init(name: wrong, tensor: try .zeros([1, 2]))
            entries[1] = .init(name: "base_model.model.elsewhere.lora_A.weight", tensor: try .zeros([1]))
            try SafetensorsFile.write(entries, metadata: ["format": "pt"], to: file)
            let error = #expect(throws: ParameterError.self) {
                try LanguageModelExport.merge("\(folder)/adapter", into: base, to: "\(folder)/merged")
            }
            let text = try #require(error).description
            for part in [
                "\(wrong) has the shape [1, 2]", "\(missing) is missing", "elsewhere.lora_A.weight belongs to no",
            ] {
                #expect(text.contains(part), "\(text)")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(left == ["adapter", "base", "run"])
        }
    }

    @Test("an adapter is no start for training, and no base of another")
    func adaptersAlone() throws {
        try withAdapterRun { folder, _, run in
            #expect(throws: TrainingError.self) {
                try tinyLanguageRecipe(model: .init(.llama, .stored(run))).experiment()
            }
            #expect(throws: TrainingError.self) {
                try LanguageModelExport.merge(run, into: run, to: "\(folder)/merged")
            }
        }
    }
}

/// An interpreter in which Hugging Face's libraries are at hand: $ATTENT_PYTHON, else python3.
private enum Python {
    static let name = ProcessInfo.processInfo.environment["ATTENT_PYTHON"] ?? "python3"

    static let hasLibraries = {
        let modules = "['torch', 'transformers', 'peft', 'safetensors']"
        let check = "import importlib.util as i, sys; sys.exit(not all(i.find_spec(m) for m in \(modules)))"
        return (try? run(["-c", check])) == 0
    }()

    static func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite(
    "Exports in Hugging Face's libraries",
    .enabled(if: Python.hasLibraries, "python3 or $ATTENT_PYTHON has no torch, transformers, peft and safetensors"),
    .serialized)
struct LanguageExportInteroperabilityTests {
    /// Arguments: a whole model, a base, an adapter, a folder with the tokens, to which the logits go.
    private static let script = """
        import sys, torch
        from safetensors.torch import load_file, save_file
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from peft import PeftModel
        model, base, adapter, folder = sys.argv[1:]
        tokens = load_file(folder + "/tokens.safetensors")["tokens"]
        def logits(model): return model.eval()(tokens).logits.detach().float().contiguous()
        whole, report = AutoModelForCausalLM.from_pretrained(model, output_loading_info=True)
        assert not report["missing_keys"] and not report["unexpected_keys"], report
        assert whole.generation_config.eos_token_id == 0
        adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter)
        found = {"model": logits(whole), "adapter": logits(adapted)}
        found["merged"] = logits(adapted.merge_and_unload())
        for path in [model, adapter]:
            tokenizer = AutoTokenizer.from_pretrained(path)
            text = open(folder + "/text.txt").read()
            found["ids"] = torch.tensor(tokenizer(text)["input_ids"])
            assert tokenizer.decode(found["ids"], skip_special_tokens=True) == text.replace("!", ""), tokenizer.decode(found["ids"])
            assert tokenizer.eos_token_id == 0 and tokenizer.vocab_size == whole.config.vocab_size
        save_file(found, folder + "/logits.safetensors")
        """

    @Test("transformers and peft give our logits, of a model, of an adapter and of one merged")
    func logitsAgree() throws {
        try withAdapterRun { folder, base, run in
            let model = "\(folder)/model"
            try train(tinyLanguageRecipe(epochs: 1, count: 16), in: "\(folder)/whole")
            try LanguageModelExport.write(run: "\(folder)/whole", to: model)
            try LanguageModelExport.write(run: run, to: "\(folder)/adapter")
            try LanguageModelExport.merge("\(folder)/adapter", to: "\(folder)/merged")
            try SafetensorsFile.write(
                [.init(name: "tokens", tensor: tokens())], to: "\(folder)/tokens.safetensors")
            // The exclamation mark is a character that the vocabulary lacks.
            let text = "Ana has 3  boxes of 4 pens! How many?"
            try text.write(toFile: "\(folder)/text.txt", atomically: true, encoding: .utf8)
            let status = try Python.run(["-c", Self.script, model, base, "\(folder)/adapter", folder])
            try #require(status == 0, "the Python side failed with status \(status)")
            let theirs = try SafetensorsFile("\(folder)/logits.safetensors")
            let ids = try loadTokenizer(at: model).encode(text, addingSpecialTokens: true)
            #expect(try theirs.tensor(named: "ids").values(as: Int64.self) == ids.map(Int64.init))
            let tolerance = Tolerance(absolute: 5e-5, relative: 5e-5)
            for name in ["model", "adapter", "merged"] {
                let ours = try logits("\(folder)/\(name)")
                #expect(try mismatch(ours, theirs.tensor(named: name), tolerance) == nil, "\(name)")
            }
        }
    }
}
