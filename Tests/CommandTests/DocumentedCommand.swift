import Foundation

@testable import Training

/// A command of the documentation, and what it becomes to end in a moment.
struct DocumentedCommand {
    /// As written, without the program's name.
    var arguments: [String]
    /// The page's own recipe, which its commands call `recipe.yaml`.
    var recipe: String?

    var name: String { arguments[0] }

    /// The same command on tiny data, for a moment.
    ///
    /// - Parameter folder: a ``DocumentedWorld``, with `recipe.yaml` in it.
    func tiny(in folder: String) throws -> [String] {
        // Several machines share a folder of that name; here it lies with the others.
        var words = arguments.map { $0 == "runs/..." ? exampleRun : $0.hasPrefix("/shared/") ? "." + $0 : $0 }
        // A page that is served waits for its reader; that has tests of its own.
        words.removeAll { $0 == "--serve" }
        switch name {
        case "train", "compare":
            let overrides = words.indices.filter { words[$0] == "--set" }.map { words[$0 + 1] }
            let path = words[1].contains("/") || words[1].hasSuffix(".yaml") ? "\(folder)/\(words[1])" : words[1]
            let recipe = try Recipe(named: path, overrides: overrides)
            if !words.contains("--out") {
                words += ["--out", "runs/\(recipe.name)\(name == "train" ? "" : "-compared")"]
            }
            if name == "compare" { words += ["--seeds", "1", "--policies", fewPolicies] }
            if words.contains("time-to-quality") { words += ["--budgets", "0.5,1"] }
            return words + ["--quiet"] + Self.settings(of: recipe).flatMap { ["--set", $0] }
        case "generate": return words + ["--max-tokens", "3"]
        case "evaluate" where words.contains("--task"): return words + ["--max-tokens", "2", "--limit", "2"]
        case "evaluate" where words.contains("--text"): return words + ["--limit", "2"]
        case "mt-bench": return words + ["--max-tokens", "2"]
        case "tokenizer": return words + ["--vocabulary", "300"]
        case "antk": return words + (Self.theory[words[1]] ?? [])
        default: return words
        }
    }

    /// The first and the last of a comparison's policies; that all are known is for the parser's test.
    private var fewPolicies: String {
        let asked = arguments.firstIndex(of: "--policies").map { arguments[$0 + 1].split(separator: ",") }
        guard let asked, let first = asked.first, let last = asked.last else { return "standard,attent" }
        return "\(first),\(last)"
    }

    /// A run of the kind that the command is for.
    private var exampleRun: String {
        switch name {
        case "merge": "runs/stories-lora"
        case "generate", "export": "runs/word-problems"
        case "evaluate" where arguments.contains("--task"): "runs/word-problems"
        default: "runs/digits"
        }
    }

    private static let theory = [
        "gradients": ["--examples", "1"],
        "kernel": ["--examples", "6", "--widths", "8"],
        "greedy": ["--examples", "24", "--widths", "8", "--steps", "4"],
    ]

    /// What makes a recipe's run one of a few small steps.
    private static func settings(of recipe: Recipe) -> [String] {
        var settings = ["epochs=1", "batch_size=4", "threads=1"].map { "training.\($0)" }
        settings += ["evaluation.count=1", "checkpoints.every_steps=2"]
        if recipe.training.microBatchSize != nil { settings.append("training.micro_batch_size=2") }
        if recipe.training.precision == .auto { settings.append("training.precision=fp32") }
        settings += (sizes[recipe.data.kind] ?? []).map { "data.\($0)" }
        if case .language(let model) = recipe.model, case .stored = model.origin { return settings }
        return settings + (widths[recipe.model.kind] ?? []).map { "model.\($0)" }
    }

    private static let sizes = [
        "digits": ["limit=64"], "word-problems": ["count=32", "test_count=8", "levels=[1,2]"],
        "scenes": ["count=32", "test_count=8"], "text": ["limit=32", "context=32"],
        "jsonl": ["limit=32", "context=256"],
    ]

    private static let widths: [ModelSettings.Kind: [String]] = [
        .vit: ["hidden_size=12", "num_attention_heads=2", "num_hidden_layers=2", "intermediate_size=16"],
        .llama: ["hidden_size=16", "num_attention_heads=2", "num_hidden_layers=2", "intermediate_size=24"],
        .gpt2: ["n_embd=16", "n_head=2", "n_layer=2"],
        .multimae: [
            "hidden_size=16", "num_attention_heads=2", "num_hidden_layers=1", "intermediate_size=24",
            "decoder_hidden_size=16", "decoder_num_attention_heads=2", "decoder_intermediate_size=24",
        ],
    ]
}
