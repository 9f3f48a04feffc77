import Checkpoints
import Datasets
import Foundation
import Teaching
import Tokenizers

@testable import Evaluation
@testable import Reporting
@testable import Training

/// A reader of files that others may have written: it throws, or what it made can be used.
struct Parser: Sendable {
    /// The name that the file has to have in its folder.
    let fileName: String
    /// Files that have to lie beside it.
    var companions: [String: [UInt8]] = [:]
    /// Reads the file at a path, and uses what came out.
    let read: @Sendable (_ path: String) throws -> Void

    /// Every parser by name: what the table of bad inputs names and what is fuzzed.
    static let all: [String: Parser] = checkpoints.merging(tokenizers) { $1 }.merging(datasets) { $1 }
        .merging(evaluations) { $1 }.merging(runs) { $1 }

    private static let checkpoints: [String: Parser] = [
        "safetensors": Parser(fileName: "model.safetensors") { path in
            let file = try SafetensorsFile(path)
            for name in file.tensorNames { _ = try file.tensor(named: name) }
        },
        "sharded-index": Parser(fileName: "model.safetensors.index.json") { _ = try ShardedSafetensors(index: $0) },
        "llama2c-model": Parser(fileName: "model.bin") { path in
            let file = try Llama2CFile(path)
            _ = try file.configuration()
            for name in file.tensorNames.prefix(16) { _ = try file.tensor(named: name) }
        },
        "adapter": Parser(fileName: "adapter_config.json", companions: ["adapter_model.safetensors": noTensors]) {
            _ = try AdapterFolder(folder($0))
        },
        "configuration": Parser(fileName: "config.json") { path in
            _ = try LanguageNetwork(json: Data(contentsOf: URL(fileURLWithPath: path))).json()
        },
        "manifest": Parser(fileName: "manifest.json") { path in
            try CheckpointFolder(path: folder(path), step: 1).verify()
        },
    ]

    private static let tokenizers: [String: Parser] = [
        "tokenizer-json": Parser(fileName: "tokenizer.json") {
            try use(BytePairTokenizer(contentsOf: URL(fileURLWithPath: $0)))
        },
        "tokenizer-bin": Parser(fileName: "tokenizer.bin") {
            try use(Llama2CTokenizer(contentsOf: URL(fileURLWithPath: $0)))
        },
        "sentencepiece": Parser(fileName: "tokenizer.model") {
            try use(SentencePieceTokenizer(contentsOf: URL(fileURLWithPath: $0)))
        },
        "characters": Parser(fileName: "characters.json") {
            try use(CharacterTokenizer(contentsOf: URL(fileURLWithPath: $0)))
        },
        "merges": Parser(fileName: "vocab.bpe", companions: ["encoder.json": Array(#"{"a":0,"b":1,"ab":2}"#.utf8)]) {
            let url = URL(fileURLWithPath: $0)
            try use(
                BytePairTokenizer(
                    encoder: url.deletingLastPathComponent().appendingPathComponent("encoder.json"), merges: url))
        },
    ]

    private static let datasets: [String: Parser] = [
        "records": Parser(fileName: "records.jsonl") { _ = try TextRecords($0) },
        "jsonl": Parser(fileName: "lines.jsonl") { path in
            for line in try JSONLine.all(in: path) {
                _ = try line.text("question", "prompt")
                _ = try line.texts("test_list")
            }
        },
        "idx-images": Parser(fileName: "images", companions: ["labels": [0, 0, 8, 1, 0, 0, 0, 1, 7]]) {
            _ = try IDX.load(images: $0, labels: "\(folder($0))/labels")
        },
        "idx-labels": Parser(
            fileName: "labels", companions: ["images": [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9]]
        ) {
            _ = try IDX.load(images: "\(folder($0))/images", labels: $0)
        },
        "cifar10": Parser(fileName: "test_batch.bin") { _ = try CIFAR10.load(folder($0), part: .test) },
        "digits": Parser(fileName: "digits.csv.gz") { _ = try DigitsCSV.load($0) },
        "image": Parser(fileName: "image.png") { path in
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            _ = try ImageCodec.decode(data, as: .rgb, file: path)
            _ = try ImageCodec.decode(data, as: .gray, file: path)
        },
        "depth": Parser(fileName: "depth.png") { path in
            _ = try ImageCodec.decodeGray16(Data(contentsOf: URL(fileURLWithPath: path)), file: path)
        },
        "classes": Parser(fileName: "classes.png") { path in
            _ = try ImageCodec.decodeClasses(Data(contentsOf: URL(fileURLWithPath: path)), file: path)
        },
    ]

    private static let evaluations: [String: Parser] = [
        "gsm8k": Parser(fileName: "gsm8k.jsonl") { try use(questions: .gsm8k, in: $0) },
        "math": Parser(fileName: "math.jsonl") { try use(questions: .math, in: $0) },
        "chat-questions": Parser(fileName: "question.jsonl") { _ = try ChatQuestion.all(in: $0) },
        "chat-answers": Parser(fileName: "answers.jsonl") { _ = try ChatAnswer.turns(in: $0) },
        "judge-prompts": Parser(fileName: "judge_prompts.jsonl") { path in
            for prompt in try JudgePrompt.all(in: path).values {
                _ = JudgePrompt.rating(in: prompt.filled(["question": prompt.system]))
            }
        },
        "judgments": Parser(
            fileName: "judge.jsonl.partial",
            companions: ["question.jsonl": Array(#"{"question_id":1,"category":"c","turns":["u"]}"#.utf8)]
        ) { path in
            let prompt = JudgePrompt(name: "single-v1", system: "s", template: "t")
            let matches = try ChatQuestion.all(in: "\(folder(path))/question.jsonl").map {
                ChatJudge.Match(question: $0, turn: 1, prompt: prompt, text: "t")
            }
            _ = try JudgmentLog(path: "\(folder(path))/judge.jsonl").kept(matches, judge: "j", model: "m")
        },
    ]

    private static let runs: [String: Parser] = [
        "recipe": Parser(fileName: "recipe.yaml") { _ = try Recipe(file: $0).yaml() },
        "metrics": Parser(fileName: "metrics.jsonl") { _ = try MetricsLog.read(path: $0) },
        "summary": Parser(fileName: "summary.json") { _ = try RunFolder(path: folder($0)).readSummary() },
        "exhibition": Parser(fileName: "examples.json") { _ = try ExhibitionFile.read(in: folder($0)) },
        "comparison": Parser(fileName: "comparison.json") { path in
            let plan = try ComparisonSession.Plan(folder: folder(path))
            _ = Comparison.cells(plan.contenders, seeds: plan.seeds, from: .max)
        },
        "state": Parser(fileName: "state.json") { _ = try RunState(contentsOf: $0) },
        "teacher": Parser(fileName: "teacher.bin") { path in
            var teacher = try Teacher(restoring: TeacherState(contentsOf: path))
            _ = try teacher.next { examples in ExampleScores(scores: Array(repeating: 1, count: examples.count)) }
        },
    ]

    private static let noTensors: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)

    private static func folder(_ path: String) -> String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

    private static func use(questions task: QuestionSet.Task, in path: String) throws {
        // Neither task has programs to run.
        let set = try QuestionSet(task, file: path, sandbox: Sandbox(.none))
        for question in set.questions { _ = try question.judge(question.prompt) }
    }

    private static func use(_ tokenizer: some Tokenizer) throws {
        _ = try tokenizer.decode(tokenizer.encode("Ab 12\n naïve 🎓", addingSpecialTokens: true))
    }
}
