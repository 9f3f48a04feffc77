import ArgumentParser
import Datasets
import Evaluation
import Foundation
import Training

struct MTBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mt-bench",
        abstract: "MT-Bench: answers of a model, and a judge's ratings of them, in the files of FastChat's llm_judge.",
        subcommands: [Answer.self, Judge.self])

    struct Answer: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Leads the conversations of a file of questions with a model.")

        @Argument(help: "A run's folder, a Hugging Face folder, an adapter's folder or a llama2.c .bin file.")
        var model: String

        @Option(help: "FastChat's question.jsonl.")
        var data: String

        @Option(help: "Where the answers go [default: model_answer/NAME.jsonl].")
        var out: String?

        @Option(help: "What the model is called there [default: its folder's or file's name].")
        var name: String?

        @Option(help: "How a conversation is put.")
        var template = PromptTemplate.alpaca

        @Option(help: "The first so many questions [default: all].")
        var limit: Int?

        @Option(help: "Tokens of an answer at most.")
        var maxTokens = 1024

        @Option(help: "For all questions alike [default: what FastChat takes for their category].")
        var temperature: Double?

        @Option(help: "Equal seeds give equal answers.")
        var seed: UInt64 = 0

        @Option(help: "The tokenizer's folder or file [default: the one beside the model, or of the run].")
        var tokenizer: String?

        @OptionGroup var device: DeviceOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            for (name, value) in [("limit", limit ?? 1), ("max-tokens", maxTokens)] where value < 1 {
                throw ValidationError("--\(name) is \(value), expected at least 1")
            }
            do { _ = try TokenSampler(temperature: temperature ?? 0) } catch { throw ValidationError("--\(error)") }
        }

        func run() throws {
            let questions = try ChatQuestion.all(in: data, limit: limit)
            // A folder's name may hold dots: Qwen2.5-0.5B and Qwen2.5-0.5B-Instruct are two models.
            let file = URL(fileURLWithPath: model)
            let name = name ?? (file.pathExtension == "bin" ? file.deletingPathExtension() : file).lastPathComponent
            let out = out ?? "model_answer/\(name).jsonl"
            try requireNew(out)
            var answerer = ChatAnswerer(
                try TextGenerator(model, tokenizer: tokenizer, device: device.place), template: template,
                modelID: name)
            (answerer.maximumTokens, answerer.temperature, answerer.seed) = (maxTokens, temperature, seed)
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: out).deletingLastPathComponent(), withIntermediateDirectories: true)
            let unfit = try answerer.answer(questions, writingTo: out, progress: output.progress("questions"))
            var metrics = ["mt-bench/questions": Double(questions.count)]
            if unfit > 0 { metrics["mt-bench/turns_too_long"] = Double(unfit) }
            try output.show([("answers", .text(out)), ("metrics", .metrics(metrics))]) {
                "answers \(out)\nmt-bench/questions \(questions.count)"
                    + (unfit > 0 ? "\nmt-bench/turns_too_long \(unfit)" : "")
            }
        }
    }

    struct Judge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a model behind an OpenAI-compatible endpoint rate every answer from 1 to 10.")

        @Argument(help: "A file of answers, FastChat's model_answer/NAME.jsonl.")
        var answers: String

        @Option(help: "FastChat's question.jsonl.")
        var data: String

        @Option(help: "FastChat's judge_prompts.jsonl.")
        var prompts: String

        @Option(
            help: "Reference answers, such as FastChat's reference_answer/gpt-4.jsonl [default: the questions' own].")
        var references: String?

        @Option(help: "The judge's address, up to /chat/completions.")
        var endpoint = "https://api.openai.com/v1"

        @Option(help: "The judge's model.")
        var judge = "gpt-4"

        @Option(help: "The environment variable with the key; none is sent where it is not set.")
        var keyVariable = "OPENAI_API_KEY"

        @Option(help: "Where the judgments go [default: model_judgment/JUDGE_single_NAME.jsonl].")
        var out: String?

        @Option(help: "The first so many questions [default: all].")
        var limit: Int?

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit ?? 1 >= 1 else { throw ValidationError("--limit is \(limit ?? 0), expected at least 1") }
        }

        func run() throws {
            let name = URL(fileURLWithPath: answers).deletingPathExtension().lastPathComponent
            let out = out ?? "model_judgment/\(judge)_single_\(name).jsonl"
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: out).deletingLastPathComponent(), withIntermediateDirectories: true)
            let key = ProcessInfo.processInfo.environment[keyVariable]
            let chatJudge = ChatJudge(
                try ChatEndpoint(endpoint, model: judge, key: key), prompts: try JudgePrompt.all(in: prompts))
            let metrics = try chatJudge.judge(
                ChatQuestion.all(in: data, limit: limit), ChatAnswer.turns(in: answers),
                references: references.map { try ChatAnswer.turns(in: $0) } ?? [:], model: name, writingTo: out,
                progress: output.progress("ratings"))
            try output.show([("judgments", .text(out)), ("metrics", .metrics(metrics))]) {
                "judgments \(out)\n\(lines(of: metrics))"
            }
        }
    }
}

extension PromptTemplate: ExpressibleByArgument {}
