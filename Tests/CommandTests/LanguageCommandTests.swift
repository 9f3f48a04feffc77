import Foundation
import Testing

/// A tiny Llama that has learnt word problems for a moment, and adapters trained on it.
private enum TinyRuns {
    static let settings = [
        "training.threads=1", "training.precision=fp32", "training.epochs=1", "training.batch_size=8", "data.count=32",
        "data.test_count=8", "data.levels=[1,2]", "teacher=standard",
    ]

    static let model = ["hidden_size=16", "intermediate_size=24", "num_hidden_layers=2", "num_attention_heads=2"]

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

private func withFolder(_ body: (String) throws -> Void) throws {
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
            #expect(text.count > 8)
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
        }
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
            let half = try attent("export", run, "--out", "\(folder)/half", "--dtype", "bfloat16")
            #expect(half.status == 1)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/half"))
        }
    }

    @Test(
        "settings out of range are errors of use",
        arguments: [
            ["--temperature", "-1"], ["--temperature", "nan"], ["--top-k", "0"], ["--top-p", "0"], ["--top-p", "1.5"],
            ["--max-tokens", "0"], ["--stop", ""],
        ])
    func usage(_ options: [String]) throws {
        // An option's value that starts with a dash is written with an equals sign.
        let result = try attent("generate", "nowhere", options.joined(separator: "="))
        #expect(result.status == 2)
        #expect(result.error.contains(options[0]), "\(result.error)")
    }

    @Test("a prompt that fills the context, and a folder without a model, are errors in one sentence")
    func failures() throws {
        try withFolder { folder in
            let run = "\(folder)/run"
            try TinyRuns.train(run, "word-problems", TinyRuns.model.map { "model.\($0)" })
            let long = try attent("generate", run, "--prompt", String(repeating: "a", count: 2000))
            #expect(long.status == 1)
            #expect(long.error.hasPrefix("attent: the prompt's length is 2000 tokens"), "\(long.error)")
            #expect(try attent("generate", folder).error.split(separator: "\n").count == 1)
            #expect(try attent("merge", folder, "--out", "\(folder)/out").status == 1)
        }
    }
}
