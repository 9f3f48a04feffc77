import ArgumentParser
import Foundation
import Training

@main
struct Attent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attent",
        abstract: "Trains transformers on what a data-selecting teacher picks, so that they get as good in less time.",
        discussion: """
            New here? 'attent compare digits' trains a small vision transformer on handwritten digits, plainly and with a \
            teacher, and shows the difference.
            """,
        subcommands: [
            Train.self, Compare.self, Resume.self, Evaluate.self, Inspect.self, Generate.self, Merge.self, Export.self,
            TrainTokenizer.self, MTBench.self, Antk.self, Doctor.self,
        ])

    /// Errors of use exit with 2, all others with 1 and one sentence.
    static func main() {
        let command: any ParsableCommand
        do {
            command = try parseAsRoot()
        } catch {
            guard exitCode(for: error) != .success else { exit(withError: error) }
            report(fullMessage(for: error), exitCode: 2)
        }
        do {
            var command = command
            try command.run()
        } catch {
            // A request for help is an error to the parser, and so is an exit with a code of our own.
            guard exitCode(for: error) != .success, !(error is ExitCode) else { exit(withError: error) }
            report("attent: \(error)", exitCode: 1)
        }
    }

    private static func report(_ message: String, exitCode: Int32) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        Foundation.exit(exitCode)
    }
}

/// What every command that trains takes.
struct RecipeOptions: ParsableArguments {
    @Argument(help: "A recipe: the name of a bundled one (digits) or a YAML file.")
    var recipe: String

    @Option(name: .customLong("set"), help: "Overrides a setting, as key.path=value; may be given several times.")
    var overrides: [String] = []

    @Option(help: "The output folder, which must not exist [default: runs/RECIPE-DATE].")
    var out: String?

    @Flag(help: "Shows no progress.")
    var quiet = false

    /// As ``folder(for:)``; several ranks must be told, so that a job started anew finds its checkpoints.
    func folder(for name: String, among ranks: Ranks) throws -> String {
        if ranks.rankCount > 1, out == nil {
            throw RankError.unsupported(what: "--out", found: "absent", expected: "a folder")
        }
        return folder(for: name)
    }

    /// The folder asked for, or one with a name of its own.
    func folder(for name: String) -> String {
        if let out { return out }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(name)-\(formatter.string(from: Date()))"
    }
}

extension Experiment {
    /// The same, having said on standard error which files were left out.
    func reportingSkipped() -> Self {
        guard !skipped.isEmpty else { return self }
        let noun = skipped.count == 1 ? "corrupt file" : "corrupt files"
        let lines = ["attent: left out \(skipped.count) \(noun):"] + skipped.map { "  \($0)" }
        FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        return self
    }
}

/// 128 + SIGINT, the shell's convention for an interrupted command.
let interrupted = ExitCode(130)
