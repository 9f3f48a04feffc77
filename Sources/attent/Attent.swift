import ArgumentParser
import Foundation
import Reporting
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
            Recipes.self, Train.self, Compare.self, Resume.self, Report.self, Evaluate.self, Inspect.self,
            Generate.self, Merge.self, Export.self, TrainTokenizer.self, MTBench.self, Antk.self, Doctor.self,
        ])

    /// What to do first, for somebody who has typed nothing but the name.
    func run() throws {
        try StandardOutput.write(
            """
            AtteNT trains transformers on what a data-selecting teacher picks, so that they get as good in less time.

            First steps:
              attent doctor                  whether all is in place on this machine
              attent recipes                 what can be trained at once, and how long it takes
              attent compare digits          plain against taught training, two to five minutes; ends with a report
              attent train digits --serve    one run, to be watched in a browser

            With your own data, copy one of Examples/*/recipe.yaml and change its data: section.
            'attent --help' lists all commands, 'attent help COMMAND' tells about one.

            """)
    }

    /// Errors of use exit with 2, all others with 1 and one sentence.
    static func main() {
        guardStreams()
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
            let typed = NextStep(words: Array(CommandLine.arguments.dropFirst()))
            let next = typed.after(error).map { "\nNext: \($0)" } ?? ""
            report("attent: \(error)\(next)", exitCode: 1)
        }
    }

    /// A reader that goes away must end no run, and a closed stream must not lend its number to a file of the run's, which
    /// would then get what is meant for people.
    private static func guardStreams() {
        signal(SIGPIPE, SIG_IGN)
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            // For reading, so that writing still fails.
            _ = open("/dev/null", O_RDONLY)
        }
    }

    private static func report(_ message: String, exitCode: Int32) -> Never {
        StandardError.write("\(message)\n")
        Foundation.exit(exitCode)
    }
}

/// What every command that trains takes.
struct RecipeOptions: ParsableArguments {
    @Argument(
        help: "A recipe: the name of a bundled one ('attent recipes' lists them) or a YAML file.",
        completion: .shellCommand("attent recipes --names; ls -d *.yaml */ 2>/dev/null"))
    var recipe: String

    @Option(name: .customLong("set"), help: "Overrides a setting, as key.path=value; may be given several times.")
    var overrides: [String] = []

    @Flag(help: "Leaves damaged images out and lists them, as --set data.skip_corrupt=true does.")
    var skipCorrupt = false

    /// What differs from the recipe.
    var settings: [String] { overrides + (skipCorrupt ? ["data.skip_corrupt=true"] : []) }

    @Option(help: "The output folder, which must not exist [default: runs/RECIPE-DATE].", completion: .directory)
    var out: String?

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
        StandardError.write(lines.joined(separator: "\n") + "\n")
        return self
    }
}

/// Says how an interrupted run goes on.
///
/// - Returns: 128 + SIGINT, the shell's convention for an interrupted command.
func interruption(of folder: String) -> ExitCode {
    StandardError.write("Stopped and saved. Go on with: attent resume \(NextStep.quoted(folder))\n")
    return ExitCode(130)
}
