import Datasets
import Foundation
import Testing

/// A tiny Llama that has learnt word problems for a moment, and adapters trained on it.
enum TinyRuns {
    static let settings = [
        "training.threads=1", "training.precision=fp32", "training.epochs=1", "training.batch_size=8", "data.count=32",
        "data.test_count=8", "data.levels=[1,2]", "teacher=standard",
    ]

    static let model = [
        "max_position_embeddings=160", "hidden_size=16", "intermediate_size=24", "num_hidden_layers=2",
        "num_attention_heads=2",
    ]

    static func train(_ out: String, _ recipe: String, _ changes: [String]) throws {
        let options = (settings + changes).flatMap { ["--set", $0] }
        let result = try attent(["train", recipe, "--quiet", "--out", out] + options)
        try #require(result.status == 0, "\(result.error)")
    }

    static func trainModel(_ out: String) throws { try train(out, "word-problems", model.map { "model.\($0)" }) }

    static func trainAdapter(_ out: String, on base: String, in folder: String) throws {
        let recipe = "\(folder)/lora.yaml"
        let text = """
            name: lora
            data: {kind: word-problems, count: 32}
            model: {kind: llama, init_from: \(base), lora: {rank: 2, target_modules: [q_proj, down_proj], use_rslora: true}}
            training: {epochs: 1, learning_rate: 0.05}
            teacher: standard
            """
        try text.write(toFile: recipe, atomically: true, encoding: .utf8)
        try train(out, recipe, [])
    }
}

func withFolder(_ body: (String) throws -> Void) throws {
    let folder = temporaryPath()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

@Suite("Commands for language models", .serialized) struct LanguageCommandTests {
    private func generated(_ model: String, _ options: String...) throws -> String {
        let result = try attent(
            ["generate", model, "--prompt", "Ana has 3 pens.", "--max-tokens", "24", "--temperature", "1"] + options)
        try #require(result.status == 0, "\(result.error)")
        return result.output
    }

    @Test("a run generates, stops before a stop string, and goes on alike once exported")
    func generate() throws {
        try withFolder { folder in
            let run = "\(folder)/run"
            try TinyRuns.trainModel(run)
            let text = try generated(run)
            #expect(text.count > 6)
            #expect(try generated(run) == text)
            #expect(try generated(run, "--seed", "1") != text)
            let stop = String(text.dropFirst(3).prefix(3))
            let cut = try #require(text.range(of: stop))
            #expect(try generated(run, "--stop", "never", "--stop", stop) == text[..<cut.lowerBound] + "\n")

            let export = try attent("export", run, "--out", "\(folder)/model")
            #expect(export.status == 0, "\(export.error)")
            #expect(try generated("\(folder)/model") == text)
            for file in ["config.json", "model.safetensors", "generation_config.json", "characters.json"] {
                #expect(FileManager.default.fileExists(atPath: "\(folder)/model/\(file)"), "\(file)")
            }
            let again = try attent("export", run, "--out", "\(folder)/model")
            #expect(again.status == 1)
            #expect(again.error.contains("\(folder)/model cannot be written: it exists already"))
            let elsewhere = try attent("export", run, "--out", "\(folder)/other", "--step", "7")
            #expect(elsewhere.error.contains("not of 7"), "\(elsewhere.error)")
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/other"))
            let long = try attent("generate", run, "--prompt", String(repeating: "a", count: 2000))
            #expect(long.status == 1)
            #expect(long.error.hasPrefix("attent: the prompt's length is 2000 tokens"), "\(long.error)")
        }
    }

    @Test("MT-Bench's conversations are led with a run, in the layout of FastChat's answers")
    func conversations() throws {
        try withFolder { folder in
            let text =
                "Below is an instruction that describes a task. Write a response that appropriately completes "
                + "the request.\n\n### Instruction:\nSay a word.\n\n### Response: word"
            try String(repeating: text, count: 20).write(
                toFile: "\(folder)/text", atomically: true, encoding: .utf8)
            let recipe = """
                name: chat
                data: {kind: text, path: \(folder)/text, context: 512}
                model: {kind: llama, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2,
                    num_attention_heads: 2, max_position_embeddings: 512}
                training: {epochs: 1, batch_size: 2, threads: 1}
                teacher: standard
                """
            try recipe.write(toFile: "\(folder)/chat.yaml", atomically: true, encoding: .utf8)
            let trained = try attent("train", "\(folder)/chat.yaml", "--quiet", "--out", "\(folder)/run")
            try #require(trained.status == 0, "\(trained.error)")
            let question = #"{"question_id": 81, "category": "writing", "turns": ["Say a word.", "Write a task."]}"#
            try (question + "\n").write(toFile: "\(folder)/question.jsonl", atomically: true, encoding: .utf8)
            let out = "\(folder)/model_answer/run.jsonl"
            let run = try attent(
                "mt-bench", "answer", "\(folder)/run", "--data", "\(folder)/question.jsonl", "--max-tokens", "8",
                "--out", out)
            #expect(run.status == 0 && run.output.contains("mt-bench/questions 1"), "\(run.error)")
            let answer = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out)))
            let fields = try #require(answer as? [String: Any])
            #expect(Set(fields.keys) == ["question_id", "answer_id", "model_id", "choices", "tstamp"])
            #expect(fields["question_id"] as? Int == 81 && fields["model_id"] as? String == "run")
            let choices = try #require(fields["choices"] as? [[String: Any]])
            #expect(choices.count == 1 && (choices[0]["turns"] as? [String])?.count == 2)
            try answerAgain(with: "\(folder)/run", in: folder)
            let judging = try attent(
                "mt-bench", "judge", out, "--data", "\(folder)/question.jsonl", "--prompts", "\(folder)/none.jsonl")
            #expect(
                judging.status == 1 && judging.error.contains("none.jsonl: found nothing there"), "\(judging.error)")
        }
    }

    /// A folder gives answers its name, dots and all, and they are not written over; the model is asked as it was taught.
    private func answerAgain(with run: String, in folder: String) throws {
        let (model, out) = ("Tiny-0.5B-Instruct", "model_answer/Tiny-0.5B-Instruct")
        try FileManager.default.copyItem(atPath: run, toPath: "\(folder)/\(model)")
        let arguments = ["mt-bench", "answer", model, "--data", "question.jsonl", "--max-tokens", "2"]
        let first = try attent(arguments, in: folder)
        #expect(first.output.hasPrefix("answers \(out).jsonl\n"), "\(first.error)")
        let second = try attent(arguments, in: folder)
        #expect(second.status == 1)
        #expect(
            second.error.hasPrefix("attent: \(out).jsonl cannot be written: it exists already, expected a new name"))
        #expect(second.error.hasSuffix(" --out \(out)-2.jsonl\n"), "\(second.error)")

        let prompt = PromptTemplate.alpaca.prompt(instruction: "Say a word.")
        let asked = try attent("generate", run, "--prompt", prompt, "--max-tokens", "8")
        let instructed = try attent(
            "generate", run, "--prompt", "Say a word.", "--template", "alpaca", "--max-tokens", "8")
        #expect(instructed.status == 0 && instructed.output == asked.output, "\(instructed.error)")
    }

    @Test("adapters generate as they do merged, from the run and from its export")
    func merge() throws {
        try withFolder { folder in
            let (base, run) = ("\(folder)/base", "\(folder)/run")
            try TinyRuns.trainModel(base)
            try TinyRuns.trainAdapter(run, on: base, in: folder)
            let text = try generated(run)
            #expect(try attent("export", run, "--out", "\(folder)/adapter").status == 0)
            #expect(try attent("merge", run, "--out", "\(folder)/merged").status == 0)
            #expect(try attent("merge", "\(folder)/adapter", "--base", base, "--out", "\(folder)/again").status == 0)
            #expect(try generated("\(folder)/adapter") == text)
            #expect(try generated("\(folder)/merged") == text)
            #expect(try generated("\(folder)/again") == text)
            #expect(try generated(base) != text)

            let whole = try attent("merge", base, "--out", "\(folder)/whole")
            #expect(whole.status == 1)
            #expect(whole.error.contains("which holds none"), "\(whole.error)")
            #expect(try attent("generate", folder).error.split(separator: "\n").count == 2)
            let half = try attent("export", run, "--out", "\(folder)/half", "--dtype", "bfloat16")
            #expect(half.status == 1)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/half"))
        }
    }

    @Test(
        "settings out of range are errors of use",
        arguments: [
            ["--temperature", "nan"], ["--top-k", "0"], ["--top-p", "1.5"], ["--max-tokens", "0"], ["--stop", ""],
            ["--template", "alpaca"],
        ])
    func usage(_ options: [String]) throws {
        // An option's value that starts with a dash is written with an equals sign.
        let result = try attent("generate", "nowhere", options.joined(separator: "="))
        #expect(result.status == 2)
        #expect(result.error.contains(options[0]), "\(result.error)")
    }

    @Test("a task's questions are answered and judged, and what was said is kept")
    func evaluate() throws {
        try withFolder { folder in
            let (run, data) = ("\(folder)/run", "\(folder)/questions.jsonl")
            try TinyRuns.trainModel(run)
            let question = #"{"question": "Ana has 3 pens. How many pens?", "answer": "She has 3.\n#### 3"}"#
            try "\(question)\n\(question)\n\(question)\n".write(toFile: data, atomically: true, encoding: .utf8)
            let options = ["--task", "gsm8k", "--data", data, "--max-tokens", "6"]
            let result = try attent(["evaluate", run] + options + ["--limit", "2"])
            #expect(result.status == 0, "\(result.error)")
            #expect(result.output.contains("gsm8k/accuracy ") && result.output.contains("gsm8k/questions 2.0"))
            let lines = try entries("\(run)/gsm8k.jsonl")
            #expect(lines.count == 2)
            #expect(lines[0]["prompt"] as? String == "Question: Ana has 3 pens. How many pens?\nAnswer:")
            let said = try #require(lines[0]["completion"] as? String)
            let right = lines.count { $0["correct"] as? Bool == true }
            #expect(result.output.contains("gsm8k/accuracy \(Double(right) / 2)"))
            #expect(lines[1]["completion"] as? String == said, "greedy, of the same question")

            let sampled = options + ["--samples", "3", "--temperature", "1.5", "--out", "\(folder)/out.jsonl"]
            #expect(try attent(["evaluate", run] + sampled).status == 0)
            let samples = try entries("\(folder)/out.jsonl")
            #expect(samples.map { $0["sample"] as? Int } == [0, 1, 2, 0, 1, 2, 0, 1, 2])
            #expect(Set(samples.compactMap { $0["completion"] as? String }).count > 1)
            let long = question.replacing("Ana has", with: String(repeating: "Ana has ", count: 40))
            try "\(question)\n\(long)\n".write(toFile: data, atomically: true, encoding: .utf8)
            let unfit = try attent(["evaluate", run] + options + ["--out", "\(folder)/unfit.jsonl"])
            #expect(unfit.output.contains("gsm8k/prompts_too_long 1.0"), "\(unfit.error)")
            #expect(try entries("\(folder)/unfit.jsonl")[1]["correct"] as? Bool == false)
            try evaluateAgain(run, options)
            try evaluateCode(of: run, in: folder)
        }
    }

    /// Completions are not written over, and those of a step have its name.
    private func evaluateAgain(_ run: String, _ options: [String]) throws {
        let again = try attent(["evaluate", run] + options)
        #expect(again.status == 1)
        #expect(
            again.error.hasPrefix(
                "attent: \(run)/gsm8k.jsonl cannot be written: it exists already, expected a new name with --out\n"))
        #expect(again.error.hasSuffix(" --out \(run)/gsm8k-2.jsonl\n"), "\(again.error)")
        #expect(try entries("\(run)/gsm8k.jsonl").count == 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: run)
        let step = try #require(names.first { $0.hasPrefix("step-") }).dropFirst(5)
        let stepped = try attent(["evaluate", run] + options + ["--step", "\(step)"])
        #expect(stepped.output.hasPrefix("completions \(run)/gsm8k-step-\(step).jsonl\n"), "\(stepped.error)")
    }

    /// Programs run in a sandbox, or not at all unless that is asked for.
    private func evaluateCode(of run: String, in folder: String) throws {
        let data = "\(folder)/programs.jsonl"
        let record: [String: Any] = ["task_id": 1, "prompt": "Add.", "test": ["assert 1 + 1 == 2"], "code": ""]
        try JSONSerialization.data(withJSONObject: record).write(to: URL(fileURLWithPath: data))
        let options = ["evaluate", run, "--task", "mbpp", "--data", data, "--max-tokens", "1", "--template", "plain"]
        let result = try attent(options)
        let isWritten = FileManager.default.fileExists(atPath: "\(run)/mbpp.jsonl")
        if result.status == 0 {
            #expect(result.output.contains("mbpp/pass@1 "))
            #expect(isWritten)
        } else {
            #expect(result.error.contains("there is no sandbox"), "\(result.error)")
            #expect(!isWritten)
            #expect(try attent(options + ["--unsafe-without-sandbox"]).status == 0)
        }
    }

    private func entries(_ path: String) throws -> [[String: Any]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test(
        "an evaluation's settings are checked before anything is read",
        arguments: [
            ["--task", "gsm8k"], ["--task", "math", "--data", "a.jsonl", "--samples", "2"],
            ["--task", "math", "--data", "a.jsonl", "--limit", "0"], ["--limit", "2"], ["--tokenizer", "t"],
            ["--template", "alpaca"], ["--max-tokens", "8"], ["--temperature", "1"], ["--seed", "1"],
            ["--text", "a.txt", "--template", "alpaca"], ["--text", "a.txt", "--out", "b"],
            ["--text", "a.txt", "--samples", "2", "--temperature", "1"],
        ])
    func evaluationUsage(_ options: [String]) throws {
        #expect(try attent(["evaluate", "nowhere"] + options).status == 2)
    }
}
