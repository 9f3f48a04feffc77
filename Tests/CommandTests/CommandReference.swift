import Foundation

/// The reference of all commands, out of what the parser itself dumps.
struct CommandReference {
    private struct Dump: Decodable { var command: Command }

    private struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
        var superCommands: [String]?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }

        var kind: String
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var discussion: String?
        var defaultValue: String?
        var allValues: [String]?
        var shouldDisplay: Bool
        var isOptional: Bool
    }

    private let root: Command

    init() throws {
        let dump = try attent("--experimental-dump-help").output
        root = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command
    }

    /// All commands by their whole names, such as `mt-bench answer`.
    var markdown: String {
        let head = """
            # Command line

            Every command of `attent`, its arguments and options.

            Errors of use exit with 2, all others with 1 and one sentence; an interrupted run exits with 130. `NO_COLOR` turns
            colour off, `--quiet` progress, and `--json` makes a command print one JSON object on standard output.

            <!-- Made by `make reference` from the parser's own description; a test keeps it current. -->
            """
        return ([head] + sections(of: root, prefix: "attent")).joined(separator: "\n") + "\n"
    }

    /// The commands that do something themselves, by their whole names, with the names of their options.
    var options: [String: Set<String>] { options(of: root, prefix: "") }

    private func options(of command: Command, prefix: String) -> [String: Set<String>] {
        let own = (command.subcommands ?? []).filter { $0.commandName != "help" }
        guard !own.isEmpty else {
            return [prefix: Set((command.arguments ?? []).flatMap { ($0.names ?? []).map(\.name) })]
        }
        return own.reduce(into: [:]) { all, subcommand in
            let name = prefix.isEmpty ? subcommand.commandName : "\(prefix) \(subcommand.commandName)"
            all.merge(options(of: subcommand, prefix: name)) { $1 }
        }
    }

    private func sections(of command: Command, prefix: String) -> [String] {
        let own = (command.subcommands ?? []).filter { $0.commandName != "help" }
        return own.flatMap { subcommand in
            let name = "\(prefix) \(subcommand.commandName)"
            return [section(subcommand, name)] + sections(of: subcommand, prefix: name)
        }
    }

    private func section(_ command: Command, _ name: String) -> String {
        var lines = ["\n## \(name)", "", command.abstract ?? ""]
        if let discussion = command.discussion {
            lines += ["", discussion.contains("  ") ? indented(discussion) : discussion]
        }
        let arguments = (command.arguments ?? []).filter {
            $0.shouldDisplay && $0.names?.contains { $0.name == "help" } != true
        }
        guard !arguments.isEmpty else { return lines.joined(separator: "\n") }
        return (lines + ["", "| argument | meaning | default |", "|---|---|---|"] + arguments.map(row))
            .joined(separator: "\n")
    }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }

    private func row(_ argument: Argument) -> String {
        let value = argument.valueName.map { "<\($0)>" } ?? ""
        let names = (argument.names ?? []).map { $0.kind == "long" ? "--\($0.name)" : "-\($0.name)" }
        let shown =
            argument.kind == "positional"
            ? value : names.joined(separator: ", ") + (argument.kind == "option" ? " \(value)" : "")
        let choices = argument.allValues.map { " One of \($0.map { "`\($0)`" }.joined(separator: ", "))." } ?? ""
        let meaning = [argument.abstract, argument.discussion].compactMap { $0 }.joined(separator: " ") + choices
        let standard = argument.defaultValue.map { "`\($0)`" } ?? ""
        return "| `\(shown.replacing("|", with: "\\|"))` | \(meaning.replacing("|", with: "\\|")) | \(standard) |"
    }
}
