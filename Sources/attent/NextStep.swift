import ArgumentParser
import Checkpoints
import Datasets
import Evaluation
import Foundation
import Reporting
import Tokenizers
import Training

/// What was typed after `attent`, and what to type next where that failed.
struct NextStep {
    var words: [String]

    /// The command that helps after an error; nil for those of ranks, of which each says its one sentence, and where no
    /// command does.
    func after(_ error: any Error) -> String? {
        switch error {
        case is RankError, is StandardOutput.Failure: nil
        case let error as TrainingError: after(error) ?? help
        case let error as RecipeError: error.message.hasPrefix("the file cannot be read") ? "attent recipes" : example
        case DatasetError.missing(let path, _) where path.hasPrefix(".native/"): "attent doctor"
        case DatasetError.missing(let path, _) where hasRecipe: setting(key(naming: path), "PATH")
        case CheckpointError.unwritable(let path, let reason) where reason.hasPrefix("it exists already"):
            elsewhere(than: path)
        case EvaluationError.unwritable(let path, let reason) where reason.hasPrefix("it exists already"):
            elsewhere(than: path)
        case ReportingError.missingEvent(let path, _):
            "attent resume \(Self.quoted(path.replacing("/metrics.jsonl", with: "")))"
        case ReportingError.cannotServe: servingAnywhere
        case EvaluationError.noSandbox: "apt-get install bubblewrap"
        case TokenizerError.noTokenizer: "attent tokenizer --help"
        default: help
        }
    }

    private func after(_ error: TrainingError) -> String? {
        switch error {
        case .folderExists(let path): existing(path)
        case .folderUnwritable: words.contains("--out") ? replacing("--out", with: nil) : nil
        case .inUse(let path, _): "attent report \(Self.quoted(path)) --serve"
        case .batchLargerThanSelection(_, let selection, _) where hasRecipe && selection > 0:
            setting("training.batch_size", "\(selection)")
        case .mismatch(let what, _, _) where what.contains("device"): "attent doctor"
        case .mismatch(let key, _, let expected)
        where hasRecipe && key.contains(".") && expected.first?.isNumber == true:
            setting(key, String(expected.prefix { $0.isNumber }))
        case .mismatch("--out", let found, _): elsewhere(than: String(found.prefix { $0 != "," }))
        case .notARun(let path, let reason): afterNoRun(path, reason)
        default: nil
        }
    }

    private func existing(_ path: String) -> String? {
        guard let run = try? RunFolder.open(path) else {
            return words.first == "resume" ? nil : elsewhere(than: path)
        }
        let isComplete = ((try? run.readSummary()) ?? nil) != nil
        let command = isComplete && !ComparisonSession.exists(at: path) ? "report" : "resume"
        return "attent \(command) \(Self.quoted(path))"
    }

    private func afterNoRun(_ path: String, _ reason: String) -> String? {
        let folder = Self.quoted(path)
        return switch reason {
        case let reason where reason.contains("complete already"): "attent report \(folder)"
        case let reason where reason.contains("recipe.yaml"):
            FileManager.default.fileExists(atPath: "\(path)/config.json")
                ? "attent evaluate \(folder) --text FILE" : "attent recipes"
        case let reason where reason.contains("no checkpoint"): "attent resume \(folder)"
        case let reason where reason.contains("every checkpoint"):
            "attent train \(Self.quoted(path + "/recipe.yaml")) --out \(Self.quoted(path + "-2"))"
        case let reason where reason.contains("checkpoints of the steps"): replacing("--step", with: nil)
        case let reason where reason.contains("is no language model"): "attent evaluate \(folder)"
        case let reason where reason.contains("trained no adapter"):
            "attent export \(folder) --out \(Self.quoted(path + "-model"))"
        default: nil
        }
    }

    // What was typed, changed

    private var hasRecipe: Bool { ["train", "compare"].contains(words.first) }

    /// A whole recipe to look at.
    private var example: String {
        let name = words.dropFirst().first { BundledRecipe.named($0) != nil }
        return "attent recipes \(name ?? "digits")"
    }

    /// The recipe's setting that names a file.
    private func key(naming path: String) -> String {
        let command = try? Attent.parseAsRoot(words)
        guard let options = (command as? Train)?.options ?? (command as? Compare)?.options,
            case .text(let data)? = try? Recipe(named: options.recipe, overrides: options.settings).data,
            data.testPath == path, data.path != path
        else { return "data.path" }
        return "data.test_path"
    }

    private var help: String {
        let names = words.prefix { !$0.hasPrefix("-") }.prefix(words.first == "mt-bench" ? 2 : 1)
        return (["attent"] + names + ["--help"]).joined(separator: " ")
    }

    /// The same with a setting of the recipe changed.
    private func setting(_ key: String, _ value: String) -> String {
        var words = words
        while let place = words.indices.dropLast().first(where: {
            words[$0] == "--set" && words[$0 + 1].hasPrefix("\(key)=")
        }) {
            words.removeSubrange(place...place + 1)
        }
        return Self.command(words + ["--set", "\(key)=\(value)"])
    }

    /// The same with another name for what is written.
    private func elsewhere(than path: String) -> String {
        let path = path.hasSuffix("/") ? path.dropLast() : path[...]
        let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        let end = name.dropFirst().lastIndex(of: ".") ?? path.endIndex
        return replacing("--out", with: "\(path[..<end])-2\(path[end...])")
    }

    /// The same with another value of an option; with nil without the option.
    private func replacing(_ option: String, with value: String?) -> String {
        var words = words
        words.removeAll { $0.hasPrefix("\(option)=") }
        if let place = words.firstIndex(of: option) { words.removeSubrange(place..<min(words.count, place + 2)) }
        return Self.command(words + (value.map { [option, $0] } ?? []))
    }

    /// The same at a port of the system's choice.
    private var servingAnywhere: String {
        let place = words.firstIndex(of: "--serve")
        let words = words.enumerated().filter { index, word in
            !word.hasPrefix("--serve") && !(index - 1 == place && UInt16(word) != nil)
        }
        return Self.command(words.map(\.element) + ["--serve"])
    }

    private static func command(_ words: [String]) -> String { (["attent"] + words.map(quoted)).joined(separator: " ") }

    /// As a shell takes it for one word.
    static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=:,@+%".contains($0)) }
        return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: #"'\''"#))'"
    }
}
