import ArgumentParser
import Checkpoints
import Evaluation
import Foundation
import Training

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures a run's quality on the held-out data, or a language model's on a task.",
        discussion: """
            A run is measured as during training. With --task, any language model answers the questions of a file; \
            what it said is kept beside the verdicts. With --text, its perplexity is measured on a text in blocks of \
            its context, or on the responses of records.
            """)

    @Argument(
        help: """
            The run's folder; with --task or --text also a Hugging Face folder, an adapter's folder or a .bin file.
            """,
        completion: .file())
    var model: String

    @Option(help: "The step of the checkpoint to use [default: the newest].")
    var step: Int?

    @OptionGroup(title: "Tasks") var task: TaskOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        // Only runs have steps; of another model one would be passed over.
        if step != nil { _ = try RunFolder.open(model) }
        if let name = task.task { return try answer(name) }
        if let text = task.text { return try predict(text) }
        let run = try RunFolder.open(model)
        let experiment = try Recipe(file: run.recipe).experiment(on: device.place)
        let checkpoint = try run.checkpoint(step)
        let metrics = try experiment.evaluate(checkpoint)
        try output.show([("checkpoint", .text(checkpoint.path)), ("metrics", .metrics(metrics))]) {
            "checkpoint \(checkpoint.path)\n\(lines(of: metrics))"
        }
    }

    private func predict(_ text: String) throws {
        let perplexity = try TextPerplexity(model, step: step, tokenizer: task.tokenizer, device: device.place)
        let metrics = try perplexity.measure(text, limit: task.limit)
        try output.show([("text", .text(text)), ("metrics", .metrics(metrics))]) { lines(of: metrics) }
    }

    private func answer(_ name: QuestionSet.Task) throws {
        let isRun = (try? RunFolder.open(model)) != nil
        let file = name.rawValue + (step.map { "-step-\($0)" } ?? "") + ".jsonl"
        let out = task.out ?? (isRun ? "\(model)/\(file)" : file)
        try requireNew(out)
        let questions = try QuestionSet(
            name, file: task.data ?? "", template: task.template, limit: task.limit,
            sandbox: .available(isUnsafeAllowed: task.unsafeWithoutSandbox))
        let generator = try TextGenerator(
            model, step: step, tokenizer: task.tokenizer, device: device.place)
        let evaluator = Evaluator(questions, samples: task.samples, maximumTokens: task.maxTokens)
        let metrics = try evaluator.evaluate(
            generator, task.sampling.sampler(), writingTo: out, progress: output.progress("questions"))
        try output.show([("completions", .text(out)), ("metrics", .metrics(metrics))]) {
            "completions \(out)\n\(lines(of: metrics))"
        }
    }
}

/// Questions of a task and how they are put.
struct TaskOptions: ParsableArguments {
    @Option(help: "What is asked.")
    var task: QuestionSet.Task?

    @Option(help: "The task's file: JSONL, gzipped or not.")
    var data: String?

    @Option(help: "A text file, or records (.jsonl, .json), to measure perplexity on.")
    var text: String?

    @Option(help: "How a question is put.")
    var template = QuestionSet.Template.plain

    @Option(help: "The first so many questions, blocks of text or records [default: all].")
    var limit: Int?

    @Option(help: "Completions a question; from 10 on, pass@10 is measured too.")
    var samples = 1

    @Option(help: "Tokens of a completion at most.")
    var maxTokens = 512

    @OptionGroup var sampling: SamplingOptions

    @Option(help: "The tokenizer's folder or file [default: the one beside the model, or of the run].")
    var tokenizer: String?

    @Option(
        help: """
            Where completions and verdicts go, a new file [default: TASK.jsonl, with --step TASK-step-STEP.jsonl, in the \
            run's folder, else in this one].
            """)
    var out: String?

    @Flag(help: "Runs a model's programs on this machine even where no sandbox works.")
    var unsafeWithoutSandbox = false

    func validate() throws {
        guard (task == nil) == (data == nil) else { throw ValidationError("--task and --data go together") }
        guard task == nil || text == nil else { throw ValidationError("--task and --text exclude each other") }
        try refuseUnused()
        for (name, value) in [("limit", limit ?? 1), ("samples", samples), ("max-tokens", maxTokens)] where value < 1 {
            throw ValidationError("--\(name) is \(value), expected at least 1")
        }
        guard samples == 1 || sampling.temperature > 0 else {
            throw ValidationError(
                "--samples is \(samples), expected a --temperature above 0, without which all are alike")
        }
    }

    /// Who sets what has no effect takes it to have one.
    private func refuseUnused() throws {
        let ofTasks: [(String, Bool)] = [
            ("template", template != .plain), ("samples", samples != 1), ("max-tokens", maxTokens != 512),
            ("temperature", sampling.temperature != 0), ("top-k", sampling.topK != nil), ("top-p", sampling.topP != 1),
            ("seed", sampling.seed != 0), ("out", out != nil), ("unsafe-without-sandbox", unsafeWithoutSandbox),
        ]
        for (name, isGiven) in ofTasks where isGiven && task == nil {
            throw ValidationError("--\(name) goes with --task alone")
        }
        for (name, isGiven) in [("limit", limit != nil), ("tokenizer", tokenizer != nil)]
        where isGiven && task == nil && text == nil {
            throw ValidationError("--\(name) goes with --task or --text alone")
        }
    }
}

/// Refuses a file that may have taken hours, before anything is computed that would take its place.
func requireNew(_ out: String) throws {
    guard !FileManager.default.fileExists(atPath: out) else {
        throw EvaluationError.unwritable(path: out, reason: "it exists already, expected a new name with --out")
    }
}

extension QuestionSet.Task: ExpressibleByArgument {}
extension QuestionSet.Template: ExpressibleByArgument {}
