import Foundation
import Testing

/// What the documentation names beside `attent`'s commands is there: make targets, scripts, files, test suites.
@Suite("Named places") struct NamedPlaceTests {
    static let pages =
        DocumentationTests.pages
        + ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Python/README.md"].map { "\(repository)/\($0)" }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// What the page has in code: spans, and blocks of shell or of no language.
    private func code(_ page: String) throws -> [String] {
        let spans = try text(page).matches(of: /`([^`\n]+)`/).map { String($0.1) }
        let blocks = try CodeBlock.all(in: page).filter { ["", "sh", "bash"].contains($0.language) }
        return spans + blocks.flatMap { $0.text.split(separator: "\n").map(String.init) }
    }

    @Test("every make target named is one of the Makefile's", arguments: pages) func targets(page: String) throws {
        let targets = Set(try text("\(repository)/Makefile").matches(of: /(?m)^([a-z-]+):/).map { $0.1 })
        #expect(targets.isSuperset(of: ["run", "install-test"]))
        for line in try code(page) {
            for match in line.matches(of: /(?:^|&& )(?:\w+=\S+ )*make ([a-z-]+)/) {
                #expect(targets.contains(match.1), "\(page): \(line)")
            }
        }
    }

    @Test("every script, folder and file of the repository named exists", arguments: pages)
    func files(page: String) throws {
        let folders = "Sources|Tests|Benchmarks|Fuzzing|Python|Examples|Documentation|scripts|tools"
        let pattern = try Regex<(Substring, Substring)>("(?m)(?:^|[^\\w/.-])((?:\(folders))/[\\w./*+@-]*)")
        for match in try text(page).matches(of: pattern) {
            var path = String(match.1)
            while path.hasSuffix(".") { path.removeLast() }
            #expect(exists(path), "\(page): \(path)")
        }
    }

    /// Whether there is such a file, `*` standing for any name.
    private func exists(_ path: String) -> Bool {
        let parts = path.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return FileManager.default.fileExists(atPath: "\(repository)/\(path)") }
        let folder = String(parts[0][..<(parts[0].lastIndex(of: "/") ?? parts[0].startIndex)])
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(repository)/\(folder)")) ?? []
        let start = parts[0].dropFirst(folder.count + 1)
        return names.contains { name in
            let rest = parts[1].drop { $0 != "/" }
            return name.hasPrefix(start) && "\(name)\(rest)".hasSuffix(parts[1]) && exists("\(folder)/\(name)\(rest)")
        }
    }

    @Test("every link to a file leads to one", arguments: pages) func links(page: String) throws {
        let folder = URL(fileURLWithPath: page).deletingLastPathComponent()
        for match in try text(page).matches(of: /\]\(([^)#]+)(?:#[^)]*)?\)/) where !match.1.hasPrefix("http") {
            let file = folder.appending(path: String(match.1)).standardizedFileURL.path
            #expect(FileManager.default.fileExists(atPath: file), "\(page): \(match.1)")
        }
    }

    @Test("every test suite named has a file", arguments: pages) func suites(page: String) throws {
        let all = FileManager.default.enumerator(atPath: "\(repository)/Tests")?.compactMap { $0 as? String } ?? []
        let names = Set(all.map { ($0 as NSString).lastPathComponent })
        for match in try text(page).matches(of: /`([A-Z]\w+Tests)\b/) {
            #expect(names.contains("\(match.1).swift") || names.contains(String(match.1)), "\(page): \(match.1)")
        }
    }

    @Test("every program that swift run starts is a target", arguments: pages) func programs(page: String) throws {
        let packages = [repository, "\(repository)/Examples/MLX-LoRA", "\(repository)/Fuzzing"]
        let targets = packages.compactMap { try? text("\($0)/Package.swift") }.joined()
        for line in try code(page) {
            for match in line.matches(of: /swift run ([a-z][a-z-]*)/) {
                #expect(targets.contains("name: \"\(match.1)\""), "\(page): \(line)")
            }
        }
    }

    @Test("the Dockerfile's own commands name its stages, and the scripts it runs are there") func container() throws {
        let file = try text("\(repository)/Dockerfile")
        let stages = file.matches(of: /(?m)^FROM \S+ AS (\w+)/).map { $0.1 }
        for match in file.matches(of: /--target (\w+)|--from=(\w+)/) {
            #expect(stages.contains(match.1 ?? match.2 ?? ""))
        }
        for match in file.matches(of: /scripts\/[\w-]+/) { #expect(exists(String(match.0)), "\(match.0)") }
    }
}
