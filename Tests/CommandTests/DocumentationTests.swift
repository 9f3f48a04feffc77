import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import Training
@testable import attent

/// The documentation is true: references are current, commands parse, recipes decode, code is code that runs.
@Suite struct DocumentationTests {
    /// `make reference` sets it.
    private static let isWriting = ProcessInfo.processInfo.environment["ATTENT_WRITE_REFERENCE"] != nil

    private func expectCurrent(_ markdown: String, _ name: String) throws {
        let path = "\(repository)/Documentation/AtteNT.docc/\(name).md"
        if Self.isWriting { try markdown.write(toFile: path, atomically: true, encoding: .utf8) }
        let found = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        #expect(found == markdown, "\(name).md is not current; run make reference")
    }

    @Test("the reference of metrics.jsonl says what is written") func metrics() throws {
        try expectCurrent(MetricsReference.markdown, "Metrics")
    }

    @Test("the reference of commands says what the parser knows") func commands() throws {
        try expectCurrent(CommandReference().markdown, "CommandLine")
    }

    @Test("the reference of recipes says what the types ask for, each key with its meaning") func recipes() throws {
        let markdown = try RecipeReference().markdown()
        try expectCurrent(markdown, "RecipeReference")
        let rows = markdown.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for key in [
            "training.batch_size", "data.random_resized_crop.scale", "model.lora.rank", "teacher.tokens.share",
            "teacher.selection.distribution.exponent", "data.levels",
        ] {
            #expect(rows.contains { $0.hasPrefix("| `\(key)`") }, "\(key)")
        }
        // Its name, what may stand there, a default where it has one, and a meaning.
        for row in rows { #expect(row.wholeMatch(of: /\| `[^`]+` \| [^|]+ \| [^|]*\| .+ \|/) != nil, "\(row)") }
    }

    /// Every Markdown file that people read.
    static let pages: [String] = {
        let folders = ["Documentation", "Examples"].map { "\(repository)/\($0)" }
        let found = folders.flatMap { folder in
            (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).map {
                "\(folder)/\($0)"
            }
        }
        let others = ["CONTRIBUTING.md", "Python/README.md", "README.md", "SECURITY.md"].map { "\(repository)/\($0)" }
        return (found.filter { $0.hasSuffix(".md") } + others).sorted()
    }()

    @Test("every recipe in the documentation is one that decodes", arguments: pages)
    func yaml(page: String) throws {
        for block in try CodeBlock.all(in: page) where block.isYAML && !block.text.hasPrefix("apiVersion:") {
            #expect(throws: Never.self, "\(page), line \(block.line)") {
                try Recipe(yaml: Self.completed(block.text), source: "\(page):\(block.line)")
            }
        }
    }

    /// A recipe of which only some sections are shown, the others as in the digits' recipe.
    private static func completed(_ yaml: String) throws -> String {
        guard !yaml.hasPrefix("name:") else { return yaml }
        let shown = Set(yaml.matches(of: /(?m)^(\w+):/).map(\.1))
        let sections = try #require(BundledRecipe.named("digits")).text.matches(of: /(?m)^(\w+):.*\n(?: .*\n)*/)
        return sections.filter { !shown.contains($0.1) }.map { String($0.0) }.joined() + yaml
    }

    @Test("every piece of Swift in the documentation is a piece of a file that is compiled", arguments: pages)
    func swift(page: String) throws {
        let compiled = try ["Examples/YourOwnLoop/main.swift", "Tests/CommandTests/Snippets.swift"].map {
            try CodeBlock.lines(String(contentsOfFile: "\(repository)/\($0)", encoding: .utf8))
        }
        for block in try CodeBlock.all(in: page) where block.isSwift {
            let lines = CodeBlock.lines(block.text).filter { !$0.hasPrefix("import ") }
            let isCompiled = compiled.contains { file in
                file.indices.contains { file[$0...].prefix(lines.count).elementsEqual(lines) }
            }
            #expect(isCompiled, "\(page), line \(block.line)")
        }
    }

    @Test("the guides' own code runs") func snippets() throws {
        #expect(try runSnippets() > 256)
    }

    @Test("every piece of Python in the documentation compiles and imports what there is") func python() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "\(repository)/Python/tests/test_documentation.py"]
        let result = try process.runToEnd()
        #expect(result.status == 0, "\(result.error)")
    }

    @Test("make has every target, and the package every file, that the documentation names", arguments: pages)
    func names(page: String) throws {
        let text = try String(contentsOfFile: page, encoding: .utf8)
        let code = try text.matches(of: /`([^`\n]+)`/).map { String($0.1) } + CodeBlock.all(in: page).map(\.text)
        let makefile = try String(contentsOfFile: "\(repository)/Makefile", encoding: .utf8)
        let targets = Set(makefile.matches(of: /(?m)^([a-z-]+):/).map(\.1))
        for match in code.flatMap({ $0.matches(of: /(?m)(?:^|[`;&] ?)make ([a-z][a-z-]*)/) }) {
            #expect(targets.contains(match.1), "\(page): make \(match.1)")
        }
        let folders =
            /\b(?:\.ci|Benchmarks|Documentation|Examples|Fuzzing|Python|scripts|Sources|Tests|tools)\/[\w.\/+-]*\w/
        for match in text.matches(of: folders) {
            #expect(FileManager.default.fileExists(atPath: "\(repository)/\(match.0)"), "\(page): \(match.0)")
        }
    }

    @Test("links between the articles lead to articles") func links() throws {
        let articles = Set(Self.pages.map { ($0 as NSString).lastPathComponent.replacing(".md", with: "") })
        for page in Self.pages {
            for match in try String(contentsOfFile: page, encoding: .utf8).matches(of: /<doc:(\w+)>/) {
                #expect(articles.contains(String(match.1)), "\(page): \(match.1)")
            }
        }
    }
}
