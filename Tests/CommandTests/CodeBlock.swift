import Foundation

/// A piece of code in a Markdown file: fenced, or indented by four columns.
struct CodeBlock {
    /// As the fence names it; empty for indented pieces.
    var language: String
    var text: String
    /// Of its first line, from 1.
    var line: Int

    static func all(in path: String) throws -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var open: CodeBlock?
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                open = open == nil ? CodeBlock(language: String(line.dropFirst(3)), text: "", line: index + 2) : nil
            } else if open != nil {
                open?.text += line + "\n"
            } else if line.hasPrefix("    ") {
                let text = line.dropFirst(4) + "\n"
                if let last = blocks.last, last.language.isEmpty, last.line + last.lineCount == index + 1 {
                    blocks[blocks.count - 1].text += text
                } else {
                    blocks.append(CodeBlock(language: "", text: String(text), line: index + 1))
                }
            } else if line.isEmpty, let last = blocks.last, last.language.isEmpty,
                last.line + last.lineCount == index + 1
            {
                blocks[blocks.count - 1].text += "\n"
            }
        }
        return blocks
    }

    private var lineCount: Int { text.count { $0 == "\n" } }

    var isSwift: Bool { language == "swift" || (language.isEmpty && text.hasPrefix("import ")) }

    var isYAML: Bool { language == "yaml" || (language.isEmpty && text.firstMatch(of: /^\w+:\n/) != nil) }

    /// Its lines without indentation and empty ones, by which code is the same code.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// What a line begins with that calls `attent`, by itself or through a launcher.
    private static let programs = ["attent", "$", ".build/release/attent", "torchrun", "sbatch", "bash"]

    /// What follows `attent` in each line that calls it, comments and what the shell does with it left off.
    var attentCommands: [(arguments: [String], line: Int)] {
        guard ["", "sh", "bash", "console"].contains(language) else { return [] }
        let joined = text.replacing("\\\n", with: "  ")
        return joined.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            var words = Self.words(line)
            while let first = words.first, first.contains("="), !first.hasPrefix("-") { words.removeFirst() }
            guard let program = words.first, Self.programs.contains(program) else { return nil }
            guard let name = words.firstIndex(where: { ["attent", ".build/release/attent", "job.sh"].contains($0) })
            else { return nil }
            words.removeFirst(name)
            // Tables are indented too; their columns stand apart.
            guard !language.isEmpty || !line.contains("attent  ") else { return nil }
            let arguments = words.dropFirst().prefix { !["|", ">", "2>", "&&", ";", "&"].contains($0) }
            return (Array(arguments), self.line + index)
        }
    }

    /// Words of a shell line: quotes hold words together, and `#` begins a comment.
    static func words(_ line: some StringProtocol) -> [String] {
        var words: [String] = []
        var (word, quote) = ("", Character?.none)
        var isOpen = false
        for character in line {
            if let mark = quote {
                if character == mark { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                (quote, isOpen) = (character, true)
            } else if character == "#", word.isEmpty, !isOpen {
                break
            } else if character == " " {
                if isOpen || !word.isEmpty { words.append(word) }
                (word, isOpen) = ("", false)
            } else {
                word.append(character)
            }
        }
        return isOpen || !word.isEmpty ? words + [word] : words
    }
}
