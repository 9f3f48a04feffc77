import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

/// An interpreter in which Hugging Face's libraries are at hand: $ATTENT_PYTHON, else python3.
private enum Python {
    static let name = ProcessInfo.processInfo.environment["ATTENT_PYTHON"] ?? "python3"

    static let hasLibraries = {
        let modules = "['torch', 'transformers', 'peft', 'safetensors']"
        let check = "import importlib.util as i, sys; sys.exit(not all(i.find_spec(m) for m in \(modules)))"
        return (try? run(["-c", check])) == 0
    }()

    @discardableResult
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

/// What we save, Hugging Face's libraries load, and compute the same with.
@Suite(
    .enabled(if: Python.hasLibraries, "python3 or $ATTENT_PYTHON has no torch, transformers, peft and safetensors"),
    .serialized)
struct LlamaInteroperabilityTests {
    /// Arguments: folders of models, each with its adapter or "-" and the file that the logits go to.
    static let script = """
        import sys, torch
        from safetensors.torch import load_file, save_file
        from transformers import AutoModelForCausalLM
        from peft import PeftModel
        tokens = load_file(sys.argv[1])["tokens"]
        for base, adapter, output in zip(*[iter(sys.argv[2:])] * 3):
            model, report = AutoModelForCausalLM.from_pretrained(base, output_loading_info=True, dtype="auto")
            assert not report["missing_keys"] and not report["unexpected_keys"], report
            if adapter != "-":
                model = PeftModel.from_pretrained(model, adapter)
            save_file({"logits": model.eval()(tokens).logits.detach().float().contiguous()}, output)
        """

    private func logits(_ folder: String, _ tokens: Tensor, _ jobs: [(base: String, adapter: String)]) throws
        -> [Tensor]
    {
        try SafetensorsFile.write([.init(name: "tokens", tensor: tokens)], to: "\(folder)/tokens.safetensors")
        let outputs = jobs.indices.map { "\(folder)/logits-\($0).safetensors" }
        let arguments = zip(jobs, outputs).flatMap { [$0.base, $0.adapter, $1] }
        let status = try Python.run(["-c", Self.script, "\(folder)/tokens.safetensors"] + arguments)
        try #require(status == 0, "the Python side failed with status \(status)")
        return try outputs.map { try SafetensorsFile($0).tensor(named: "logits") }
    }

    @Test("transformers loads every family as we save it, in one file, in shards and in bfloat16")
    func models() throws {
        try withTemporaryFolder { folder in
            let tokens = try randomTokens(2, 12, seed: 9)
            var (jobs, expected): ([(base: String, adapter: String)], [(Tensor, Tolerance)]) = ([], [])
            for family in LanguageModelGolden.families {
                let golden = try LanguageModelGolden(family)
                let (model, parameters) = try golden.model()
                let base = "\(folder)/\(family)"
                // Once as the file said, once as our own configuration says.
                let own =
                    try family == "gpt2"
                    ? GPT2.Configuration(json: golden.folder.configuration).json()
                    : Llama.Configuration(json: golden.folder.configuration).json()
                for (suffix, json, limit) in [("", golden.folder.configuration, 1 << 30), ("-own", own, 6000)] {
                    try ModelFolder.write(parameters, configuration: json, shardLimit: limit, to: base + suffix)
                    jobs.append((base + suffix, "-"))
                    expected.append((try model.logits(model.hidden(tokens)), .float32))
                }
                try ModelFolder.write(
                    parameters, configuration: golden.folder.configuration, as: .bfloat16, to: "\(base)-bf16")
                let (half, _) = try languageModel(ModelFolder("\(base)-bf16"), dtype: .bfloat16)
                jobs.append(("\(base)-bf16", "-"))
                expected.append((try half.logits(half.hidden(tokens)), Tolerance(absolute: 0.15, relative: 0.05)))
            }
            let found = try logits(folder, tokens, jobs)
            for (index, job) in jobs.enumerated() {
                let problem = try mismatch(found[index], expected[index].0, expected[index].1)
                #expect(problem == nil, "\(job.base)")
            }
        }
    }

    @Test("peft loads our adapters of every family")
    func adapters() throws {
        try withTemporaryFolder { folder in
            let tokens = try randomTokens(2, 12, seed: 9)
            var (jobs, expected): ([(base: String, adapter: String)], [Tensor]) = ([], [])
            for (index, family) in LanguageModelGolden.families.enumerated() {
                let golden = try LanguageModelGolden(family)
                let policy = AdapterPolicy(
                    rank: 2, alpha: 5, targetModules: LoRATests.targets(family), isRankStabilized: index % 2 == 0)
                let (model, parameters) = try golden.model(adapters: .init(policy))
                let generator = try Generator(seed: 6)
                for entry in parameters.trainable.entries {
                    try entry.tensor.copy(from: generator.normal(entry.tensor.shape, deviation: 0.3))
                }
                try AdapterFolder.write(parameters, policy, baseModel: golden.folder.path, to: "\(folder)/\(family)")
                jobs.append((golden.folder.path, "\(folder)/\(family)"))
                expected.append(try model.logits(model.hidden(tokens)))
            }
            for ((found, expected), job) in zip(zip(try logits(folder, tokens, jobs), expected), jobs) {
                #expect(
                    try mismatch(found, expected, Tolerance(absolute: 5e-5, relative: 5e-5)) == nil, "\(job.adapter)")
            }
        }
    }

    @Test("adapters that peft saves load here with the same logits")
    func foreignAdapters() throws {
        let script = """
            import sys, torch
            from safetensors.torch import load_file, save_file
            from transformers import AutoModelForCausalLM
            from peft import LoraConfig, get_peft_model
            tokens = load_file(sys.argv[1])["tokens"]
            torch.manual_seed(0)
            for base, targets, output in zip(*[iter(sys.argv[2:])] * 3):
                model = AutoModelForCausalLM.from_pretrained(base)
                model = get_peft_model(model, LoraConfig(
                    r=4, lora_alpha=8, target_modules=targets.split(","), task_type="CAUSAL_LM", init_lora_weights=False))
                model.save_pretrained(output)
                save_file({"logits": model.eval()(tokens).logits.detach().contiguous()}, output + "/logits.safetensors")
            """
        try withTemporaryFolder { folder in
            let tokens = try randomTokens(2, 12, seed: 9)
            let input = "\(folder)/tokens.safetensors"
            try SafetensorsFile.write([.init(name: "tokens", tensor: tokens)], to: input)
            let goldens = try LanguageModelGolden.families.map { ($0, try LanguageModelGolden($0)) }
            let arguments = goldens.flatMap { family, golden in
                [golden.folder.path, LoRATests.targets(family).joined(separator: ","), "\(folder)/\(family)"]
            }
            try #require(try Python.run(["-c", script, input] + arguments) == 0)
            for (family, golden) in goldens {
                let saved = try AdapterFolder("\(folder)/\(family)")
                let (model, _) = try golden.model(adapters: .init(saved.policy, loading: saved.weights))
                let expected = try SafetensorsFile("\(folder)/\(family)/logits.safetensors").tensor(named: "logits")
                let found = try model.logits(model.hidden(tokens))
                #expect(try mismatch(found, expected, Tolerance(absolute: 5e-5, relative: 5e-5)) == nil, "\(family)")
            }
        }
    }
}
