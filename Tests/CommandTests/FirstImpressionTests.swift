import Foundation
import Testing

@testable import Training

extension CommandTests {
    private func json(_ arguments: String...) throws -> [String: Any] {
        let result = try attent(arguments + ["--json"])
        try #require(result.status == 0, "\(result.error)")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    @Test("attent alone says what to do first, and every command it names is one") func alone() throws {
        let result = try attent()
        #expect(result.status == 0 && result.error.isEmpty)
        let named = result.output.matches(of: /attent ([a-z]+)/).map { String($0.output.1) }
        #expect(Set(named).isSuperset(of: ["doctor", "recipes", "compare", "train"]))
        for command in Set(named) { #expect(try attent(command, "--help").status == 0, "\(command)") }
    }

    @Test("recipes lists the bundled ones with their time, prints one, and names what there is") func recipes() throws {
        let listed = try attent("recipes").output
        for recipe in BundledRecipe.all { #expect(listed.contains(recipe.name) && listed.contains(recipe.about)) }
        #expect(listed.contains(/handwritten digits, about [1-9][0-9]* seconds/))
        #expect(try attent("recipes", "--names").output == "digits\nword-problems\nscenes\n")
        let found = try #require(try json("recipes")["recipes"] as? [[String: Any]])
        #expect(found.map { $0["expected_seconds"] as? Double } == BundledRecipe.all.map(\.expectedSeconds))
        #expect(BundledRecipe.all.allSatisfy { $0.expectedSeconds > 0 })
        let printed = try attent("recipes", "digits").output
        #expect(try Recipe(yaml: printed, source: "printed") == Recipe(named: "digits"))
        let unknown = try attent("recipes", "digitz")
        #expect(unknown.status == 2 && unknown.error.contains("expected one of digits, word-problems, scenes"))
    }

    @Test("every command takes --quiet and --json, and ones for a recipe complete its name") func options() throws {
        let commands = try CommandReference().options
        #expect(commands.count > 14 && commands["mt-bench judge"] != nil)
        for (name, options) in commands { #expect(options.isSuperset(of: ["quiet", "json"]), "\(name)") }
        let names = try json("recipes", "--names")["names"] as? [String]
        #expect(names == BundledRecipe.all.map(\.name))
    }

    @Test("with --json a command prints one JSON object and no progress") func jsonOutput() throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let run = try json(
            "train", "digits", "--out", out, "--set", "training.epochs=1", "--set", "data.limit=128", "--set",
            "training.threads=1", "--set", "teacher=standard")
        #expect(run["report"] as? String == "\(out)/report.html")
        let metrics = try #require(run["metrics"] as? [String: Double])
        let again = try #require(try json("evaluate", out)["metrics"] as? [String: Double])
        #expect(again["val/accuracy"] == metrics["val/accuracy"])
    }

    @Test("errors name the next command") func nextSteps() throws {
        #expect(try attent("train", "nothing.yaml").error.hasSuffix("\nNext: attent recipes\n"))
        #expect(try attent("report", temporaryPath()).error.hasSuffix("\nNext: attent recipes\n"))
        #expect(try attent("trian", "digits").error.contains("attent --help"))
    }

    @Test("completion knows the bundled recipes and the policies") func completion() throws {
        for shell in ["bash", "zsh", "fish"] {
            let script = try attent("--generate-completion-script", shell).output
            #expect(script.matches(of: /attent recipes --names/).count >= 2, "\(shell): for train and compare")
            #expect(script.contains("attent-plus") && script.contains("word-problems"), "\(shell)")
        }
    }

    @Test("of a run whose page cannot be served nothing stays") func takenPort() throws {
        let (descriptor, port) = listen()
        defer { close(descriptor) }
        let out = temporaryPath()
        for command in ["train", "compare"] {
            let run = try attent(
                command, "digits", "--out", out, "--serve=\(port)", "--set", "data.limit=128", "--set",
                "training.batch_size=16")
            #expect(run.status == 1 && run.error.contains("port \(port)"), "\(run.error)")
            #expect(!FileManager.default.fileExists(atPath: out))
        }
    }

    @Test("a served run prints an address with a token and ends by itself") func serve() throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let run = try attent(
            "train", "digits", "--out", out, "--serve", "--quiet", "--set", "training.epochs=1", "--set",
            "data.limit=128", "--set", "training.threads=1", "--set", "teacher=standard")
        #expect(run.status == 0)
        #expect(run.error.firstMatch(of: /Live: http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/\n/) != nil, "\(run.error)")
        #expect(run.error.contains("ssh -L "))
        #expect(try attent("train", "digits", "--serve=x", "--set", "training.epochs=0").status == 2)
    }
}
