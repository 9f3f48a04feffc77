import Foundation
import Testing

@Suite("Commands that use a stored language model", .serialized) struct StoredModelCommandTests {
    private func generated(_ model: String, _ options: String...) throws -> String {
        let result = try attent(["generate", model, "--prompt", "Ana has 3 pens.", "--max-tokens", "24"] + options)
        try #require(result.status == 0, "\(result.error)")
        return result.output
    }

    @Test("a device is chosen for a folder, and one that is absent or unknown is named in one sentence")
    func devices() throws {
        try withFolder { folder in
            let (run, model) = ("\(folder)/run", "\(folder)/model")
            try TinyRuns.trainModel(run)
            #expect(try attent("export", run, "--out", model).status == 0)
            let text = try generated(model)
            for path in [model, run] { #expect(try generated(path, "--device", "cpu") == text) }
            let metrics = try attent("evaluate", run)
            #expect(metrics.status == 0, "\(metrics.error)")
            #expect(try attent("evaluate", run, "--device", "cpu").output == metrics.output)

            let absent = "is cuda:99, expected one of what this machine and its libtorch have: cpu"
            for arguments in [
                ["generate", model], ["evaluate", run],
                ["evaluate", model, "--task", "math", "--data", try question(in: folder)],
                ["mt-bench", "answer", model, "--data", try question(in: folder), "--out", "\(folder)/answers"],
            ] {
                let refused = try attent(arguments + ["--device", "cuda:99"])
                #expect(refused.status == 1 && refused.error.contains(absent), "\(arguments): \(refused.error)")
                #expect(refused.error.hasSuffix("\nNext: attent doctor\n"))
                let unknown = try attent(arguments + ["--device", "gpu"])
                #expect(unknown.status == 2, "\(arguments)")
                #expect(unknown.error.contains("--device is gpu, expected cpu, cuda, cuda:N or mps"))
            }
            try elsewhere(run, text)
        }
    }

    /// A run of a machine with another device is usable here where a device is named.
    private func elsewhere(_ run: String, _ text: String) throws {
        let file = "\(run)/recipe.yaml"
        let recipe = try String(contentsOfFile: file, encoding: .utf8)
        try #require(recipe.contains("device: cpu"))
        try recipe.replacing("device: cpu", with: "device: cuda:99").write(
            toFile: file, atomically: true, encoding: .utf8)
        let refused = try attent("generate", run)
        #expect(refused.error.hasPrefix("attent: training.device of the run is cuda:99, expected"), "\(refused.error)")
        #expect(try attent("evaluate", run).error.hasPrefix("attent: training.device is cuda:99, expected"))
        #expect(try generated(run, "--device", "cpu") == text)
        #expect(try attent("evaluate", run, "--device", "cpu").status == 0)
    }

    @Test("perplexity on records is a run's own, and an exported folder's on any text follows the likelihood")
    func perplexity() throws {
        try withFolder { folder in
            let (run, records) = ("\(folder)/run", "\(folder)/held-out.jsonl")
            let lines = (1...6).map { #"{"prompt": "Ana has \#($0) pens.", "completion": " \#($0)"}"# }
            try lines.joined(separator: "\n").write(toFile: records, atomically: true, encoding: .utf8)
            let recipe = """
                name: records
                data: {kind: jsonl, path: \(records), test_path: \(records)}
                model: {kind: llama, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2,
                    num_attention_heads: 2, max_position_embeddings: 64}
                training: {epochs: 1, batch_size: 2, threads: 1, precision: fp32}
                teacher: standard
                """
            try recipe.write(toFile: "\(folder)/recipe.yaml", atomically: true, encoding: .utf8)
            let trained = try attent("train", "\(folder)/recipe.yaml", "--quiet", "--out", run)
            try #require(trained.status == 0, "\(trained.error)")
            #expect(try attent("export", run, "--out", "\(folder)/model").status == 0)
            let own = try metric("val/perplexity", ["evaluate", run])
            let model = ["evaluate", "\(folder)/model", "--text"]
            for path in [run, "\(folder)/model"] {
                #expect(try abs(metric("text/perplexity", ["evaluate", path, "--text", records]) - own) < 1e-4 * own)
            }
            let text = "\(folder)/text.txt"
            try String(repeating: "Ana has 3 pens. ", count: 20).write(toFile: text, atomically: true, encoding: .utf8)
            #expect(try metric("text/examples", model + [text]) == 5)
            #expect(try metric("text/examples", model + [text, "--limit", "2"]) == 2)
            let loss = try metric("text/loss", model + [text])
            #expect(try abs(metric("text/perplexity", model + [text]) - exp(loss)) < 1e-9 * exp(loss))
            let plain = try attent("evaluate", "\(folder)/model")
            #expect(plain.error.hasSuffix("\nNext: attent evaluate \(folder)/model --text FILE\n"), "\(plain.error)")
            let absent = try attent(model + ["\(folder)/none.txt"])
            let message = "attent: \(folder)/none.txt: found nothing there, expected a text file\n"
            #expect(absent.error == message + "Next: attent evaluate --help\n")
            #expect(try attent(model + [text, "--task", "math", "--data", text]).status == 2)
        }
    }

    private func metric(_ name: String, _ arguments: [String]) throws -> Double {
        let result = try attent(arguments)
        try #require(result.status == 0, "\(result.error)")
        let line = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
        return try #require(Double(line.dropFirst(name.count + 1)))
    }

    /// A question that MATH and MT-Bench take.
    private func question(in folder: String) throws -> String {
        let path = "\(folder)/question.jsonl"
        let record: [String: Any] = [
            "question_id": 1, "category": "math", "turns": ["1 + 1?"], "problem": "1 + 1?", "solution": "\\boxed{2}",
        ]
        try JSONSerialization.data(withJSONObject: record).write(to: URL(fileURLWithPath: path))
        return path
    }
}
