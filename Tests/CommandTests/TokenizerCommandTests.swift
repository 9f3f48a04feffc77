import Foundation
import Testing
import Tokenizers
import Training

@Suite struct TokenizerCommandTests {
    @Test("A tokenizer is trained on texts and records, serves a recipe and a generation, and is not written over")
    func training() throws {
        let folder = temporaryPath()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (text, records, model) = ("\(folder)/a.txt", "\(folder)/b.jsonl", "\(folder)/tokenizer.model")
        let lines = (0..<200).map { "Ana has \($0) pens and gives \($0 / 2) of them to Ben." }
        try lines.joined(separator: "\n").write(toFile: text, atomically: true, encoding: .utf8)
        try #"{"question": "How many pencils?", "answer": "Some."}"#.write(
            toFile: records, atomically: true, encoding: .utf8)
        func train() throws -> (status: Int32, output: String, error: String) {
            try attent("tokenizer", text, records, "--vocabulary", "300", "--out", model)
        }
        let result = try train()
        try #require(result.status == 0, "\(result.error)")
        #expect(result.output == "Wrote a tokenizer of 300 pieces to \(model)\n")

        let repeated = try train()
        #expect(repeated.status == 1)
        #expect(
            repeated.error.contains(
                "--out is \(model), which exists, expected a new file's name\nNext: attent tokenizer "))
        #expect(repeated.error.hasSuffix(" --out \(model.replacing(".model", with: "-2.model"))\n"))

        let run = "\(folder)/run"
        let settings = [
            "data.tokenizer=\(model)", "data.count=16", "data.test_count=8", "training.epochs=1", "training.threads=1",
            "training.precision=fp32", "training.batch_size=8", "model.num_hidden_layers=1", "teacher=standard",
        ]
        let training = try attent(
            ["train", "word-problems", "--quiet", "--out", run] + settings.flatMap { ["--set", $0] })
        try #require(training.status == 0, "\(training.error)")
        let generated = try attent("generate", run, "--prompt", "Ana has 3 pens.", "--max-tokens", "4")
        #expect(generated.status == 0 && !generated.output.isEmpty, "\(generated.error)")
        try goOn(with: run, model)
    }

    /// A prompt goes on, also where the tokenizer ends every text as a sequence.
    private func goOn(with run: String, _ tokenizer: String) throws {
        let prompt = "Ana has 3 pens."
        let tokens = try TextGenerator(run).tokens(of: prompt)
        let config = URL(fileURLWithPath: tokenizer).deletingLastPathComponent().appendingPathComponent(
            "tokenizer_config.json")
        try #"{"add_eos_token": true}"#.write(to: config, atomically: true, encoding: .utf8)
        let ending = try loadTokenizer(at: tokenizer)
        #expect(try ending.encode(prompt, addingSpecialTokens: true) == tokens + [try #require(ending.eosID)])
        #expect(try TextGenerator(run).tokens(of: prompt) == tokens)
    }

    @Test("A vocabulary without room for more than bytes is an error of use; one too large for the text is an error")
    func vocabulary() throws {
        let file = temporaryPath() + ".txt"
        try "a few words".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let small = try attent("tokenizer", file, "--vocabulary", "259", "--out", "\(file).model")
        #expect(small.status == 2)
        #expect(small.error.contains("--vocabulary is 259, expected above 259"))
        let large = try attent("tokenizer", file, "--vocabulary", "5000", "--out", "\(file).model")
        #expect(large.status == 1)
        #expect(!FileManager.default.fileExists(atPath: "\(file).model"))
    }
}
