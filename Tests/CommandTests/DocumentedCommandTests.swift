import ArgumentParser
import Foundation
import Testing
import Torch

@testable import Training
@testable import attent

/// The documentation's commands are what they say they are.
@Suite("Documented commands", .serialized) struct DocumentedCommandTests {
    @Test(
        "every attent command in the documentation is one that the parser takes, its settings and policies are known",
        arguments: DocumentationTests.pages)
    func parsed(page: String) throws {
        for (command, line) in try Self.commands(on: page) {
            do {
                let parsed = try Attent.parseAsRoot(command.arguments)
                if let train = parsed as? Train { try check(train.options, command) }
                if let compare = parsed as? Compare {
                    try check(compare.options, command)
                    for name in compare.policies.split(separator: ",") { _ = try Contender(String(name)) }
                }
            } catch {
                // A request for help is an error to the parser.
                let isHelp = Attent.exitCode(for: error) == .success
                #expect(isHelp, "\(page), line \(line): \(Attent.message(for: error))")
            }
        }
    }

    private func check(_ options: RecipeOptions, _ command: DocumentedCommand) throws {
        if options.recipe == "recipe.yaml" {
            _ = try Recipe(yaml: try command.recipeText, source: "the page's recipe", overrides: options.settings)
        } else {
            let isBundled = BundledRecipe.named(options.recipe) != nil
            let path = isBundled ? options.recipe : "\(repository)/\(options.recipe)"
            _ = try Recipe(named: path, overrides: options.settings)
        }
    }

    @Test("every attent command in the documentation runs, on tiny data")
    func run() throws {
        try withFolder { folder in
            let world = try DocumentedWorld(folder)
            var finished: Set<[String]> = []
            for page in DocumentationTests.pages {
                // The doctor measures the machine, which takes long, and has a test of its own.
                for (command, line) in try Self.commands(on: page) where command.name != "doctor" {
                    // What is for CUDA only parses where there is none.
                    guard Engine.cudaDeviceCount > 0 || !command.arguments.contains("training.device=cuda") else {
                        continue
                    }
                    try command.recipeText.write(toFile: "\(folder)/recipe.yaml", atomically: true, encoding: .utf8)
                    let words = try command.tiny(in: folder)
                    guard finished.insert(words + [command.recipe ?? ""]).inserted else { continue }
                    if command.name == "resume", !words.contains("--join") { try world.interrupt(words[1]) }
                    if let out = words.firstIndex(of: "--out") {
                        try? FileManager.default.removeItem(atPath: folder + "/" + words[out + 1])
                    }
                    let result = try attent(words, in: folder)
                    #expect(
                        result.status == 0, "\(page), line \(line): \(words.joined(separator: " "))\n\(result.error)")
                }
            }
            #expect(finished.count > 30)
        }
    }

    private static func commands(on page: String) throws -> [(command: DocumentedCommand, line: Int)] {
        let blocks = try CodeBlock.all(in: page)
        let recipe = blocks.first { $0.language == "yaml" && $0.text.hasPrefix("name:") }?.text
        return blocks.flatMap(\.attentCommands).map {
            (DocumentedCommand(arguments: $0.arguments, recipe: recipe), $0.line)
        }
    }
}

extension DocumentedCommand {
    /// Where the page shows none, any will do.
    var recipeText: String {
        get throws { try recipe ?? #require(BundledRecipe.named("digits")).text }
    }
}
