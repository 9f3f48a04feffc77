import Checkpoints
import Datasets
import Evaluation
import Foundation
import Reporting
import Teaching
import Testing
import Tokenizers
import Training

@testable import attent

@Suite("Next steps") struct NextStepTests {
    /// An error, what was typed, and what to type next.
    static let cases: [(error: any Error & Sendable, typed: String, next: String)] = [
        (TrainingError.folderExists(path: "here"), "train digits --out here", "train digits --out here-2"),
        (TrainingError.folderUnwritable(path: "/x", reason: "no"), "train digits --out /x", "train digits"),
        (TrainingError.inUse(path: "runs/a b", process: 7), "resume 'runs/a b'", "report 'runs/a b' --serve"),
        (
            TrainingError.batchLargerThanSelection(batch: 64, selection: 52, policy: "attent"),
            "train digits --set training.batch_size=64 --quiet", "train digits --quiet --set training.batch_size=52"
        ),
        (
            TrainingError.mismatch(what: "model.num_labels", found: "7", expected: "10, the classes of x"),
            "train r.yaml", "train r.yaml --set model.num_labels=10"
        ),
        (TrainingError.mismatch(what: "training.device", found: "cuda", expected: "cpu"), "train digits", "doctor"),
        (
            TrainingError.mismatch(what: "--out", found: "t.model, which exists", expected: "a new file's name"),
            "tokenizer text --out t.model", "tokenizer text --out t-2.model"
        ),
        (TrainingError.notARun(path: "a", reason: "it is complete already"), "resume a", "report a"),
        (TrainingError.notARun(path: "a", reason: "it holds no recipe.yaml"), "report a", "recipes"),
        (TrainingError.notARun(path: "a", reason: "it holds no checkpoint step-N"), "evaluate a", "resume a"),
        (
            TrainingError.notARun(path: "a", reason: "every checkpoint in it is damaged"), "resume a",
            "train a/recipe.yaml --out a-2"
        ),
        (
            TrainingError.notARun(path: "a", reason: "it holds checkpoints of the steps 1, 2, not of 3"),
            "generate a --step 3", "generate a"
        ),
        (TrainingError.notARun(path: "a", reason: "its model vit is no language model"), "generate a", "evaluate a"),
        (
            TrainingError.notARun(path: "a", reason: "it trained no adapter"), "merge a --out b",
            "export a --out a-model"
        ),
        (
            TrainingError.outOfMemory(step: 1, what: "a batch", advice: "x", reason: "y"), "train digits",
            "train --help"
        ),
        (RecipeError(source: "digits", line: 3, message: "unknown key"), "train digits", "recipes digits"),
        (RecipeError(source: "scenes", line: 3, message: "unknown key"), "train scenes", "recipes scenes"),
        (RecipeError(source: "r.yaml", line: 3, message: "unknown key"), "train r.yaml", "recipes digits"),
        (
            RecipeError(source: "r.yaml", line: nil, message: "the file cannot be read, expected a recipe in YAML"),
            "train r.yaml", "recipes"
        ),
        (TeachingError.unknownPreset(found: "x"), "compare digits --policies x", "compare --help"),
        (DatasetError.missing(path: ".native/data/digits.csv.gz", expected: "x"), "train digits", "doctor"),
        (
            DatasetError.missing(path: "cifar", expected: "x"), "train r.yaml --set data.path=cifar",
            "train r.yaml --set data.path=PATH"
        ),
        (DatasetError.missing(path: "q.jsonl", expected: "x"), "evaluate a --task gsm8k --data q", "evaluate --help"),
        (CheckpointError.checksum(file: "f", found: "1", expected: "2"), "evaluate a", "evaluate --help"),
        (
            CheckpointError.unwritable(file: "m", reason: "it exists already, expected a new name"),
            "export a --out m", "export a --out m-2"
        ),
        (
            EvaluationError.unwritable(path: "a/math.jsonl", reason: "it exists already, expected a new name"),
            "evaluate a --task math --data q", "evaluate a --task math --data q --out a/math-2.jsonl"
        ),
        (ReportingError.missingEvent(path: "a/metrics.jsonl", event: "summary"), "report a", "resume a"),
        (ReportingError.cannotServe(port: 80, reason: "no"), "report a --serve=80 --quiet", "report a --quiet --serve"),
        (ReportingError.cannotServe(port: 80, reason: "no"), "train digits --serve 80", "train digits --serve"),
        (TokenizerError.noTokenizer(folder: "m", expected: "x"), "generate m", "tokenizer --help"),
        (EvaluationError.endpoint(url: "u", reason: "x"), "mt-bench judge a.jsonl", "mt-bench judge --help"),
    ]

    @Test("an error names a command that helps and that the parser takes", arguments: cases.indices)
    func named(_ index: Int) throws {
        let (error, typed, expected) = Self.cases[index]
        let next = try #require(NextStep(words: CodeBlock.words(typed)).after(error), "\(error)")
        #expect(next == "attent \(expected)", "\(error)")
        do {
            _ = try Attent.parseAsRoot(Array(CodeBlock.words(next).dropFirst()))
        } catch {
            #expect(Attent.exitCode(for: error) == .success, "\(next): \(Attent.message(for: error))")
        }
    }

    @Test(
        "a missing file is set where the recipe names it", arguments: [("a.jsonl", "path"), ("b.jsonl", "test_path")])
    func missingFile(path: String, key: String) throws {
        try withFolder { folder in
            let recipe = "\(folder)/recipe.yaml"
            let text = """
                name: records
                data: {kind: jsonl, path: a.jsonl, test_path: b.jsonl}
                model: {kind: llama, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2,
                    num_attention_heads: 2, max_position_embeddings: 64}
                training: {epochs: 1, batch_size: 2}
                """
            try text.write(toFile: recipe, atomically: true, encoding: .utf8)
            let next = NextStep(words: ["train", recipe]).after(DatasetError.missing(path: path, expected: "x"))
            #expect(next == "attent train \(recipe) --set data.\(key)=PATH")
        }
    }

    @Test("a missing sandbox names the package, and ranks keep to their one sentence") func others() {
        let step = NextStep(words: ["evaluate", "a"])
        #expect(step.after(EvaluationError.noSandbox(reason: "x")) == "apt-get install bubblewrap")
        #expect(step.after(RankError.portInUse(port: 1)) == nil)
        #expect(step.after(StandardOutput.Failure(reason: "x")) == nil)
    }
}
