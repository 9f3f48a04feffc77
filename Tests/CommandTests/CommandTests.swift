import Foundation
import Testing

@Suite("Commands", .serialized) struct CommandTests {
    @Test("errors of use exit with 2") func usage() throws {
        #expect(try attent("train").status == 2)
        #expect(try attent("dance").status == 2)
        #expect(try attent("compare", "digits", "--seeds", "0").status == 2)
        #expect(try attent("--help").status == 0)
    }

    @Test("other errors exit with 1, one sentence and the next command, and leave nothing behind")
    func failures() throws {
        let out = temporaryPath()
        for (arguments, message) in [
            (["--set", "training.epohs=1"], "attent: digits: unknown key training.epohs; did you mean epochs?"),
            (
                ["--set", "data.path=nowhere.csv"],
                "attent: nowhere.csv: found nothing there, expected a CSV file of digits"
            ),
            (["--set", "model.num_labels=7"], "attent: model.num_labels is 7, expected 10, the classes of"),
            (["--set", "training.batch_size=5000"], "attent: training.batch_size is 5000, expected at most"),
        ] {
            let result = try attent("train", "digits", "--out", out, arguments[0], arguments[1])
            #expect(result.status == 1)
            #expect(result.error.hasPrefix(message), "\(result.error)")
            #expect(result.error.split(separator: "\n").count == 2 && result.error.contains("\nNext: attent "))
            #expect(!FileManager.default.fileExists(atPath: out))
        }
    }

    @Test("a run, its evaluation, and the refusal to write over it") func train() throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let settings = ["--quiet", "--set", "training.epochs=1"]
        let run = try attent("train", "digits", "--out", out, settings[0], settings[1], settings[2])
        #expect(run.status == 0, "\(run.error)")
        for file in ["recipe.yaml", "metrics.jsonl", "summary.json", "report.html", "examples.json"] {
            #expect(FileManager.default.fileExists(atPath: "\(out)/\(file)"), "\(file) is missing")
        }
        let accuracy = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("val/accuracy") })
        #expect(try attent("evaluate", out).output.contains(accuracy))
        let picture = try attent("inspect", out, "--out", "\(out)/picture.png", "--count", "2")
        #expect(picture.status == 0 && picture.output.contains("Columns: input"), "\(picture.error)")
        #expect(
            FileManager.default.contents(atPath: "\(out)/picture.png")?.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
        for arguments in [["evaluate", out], ["inspect", out, "--out", "\(out)/none.png"]] {
            let absent = try attent(arguments + ["--step", "7777"])
            #expect(absent.status == 1)
            #expect(absent.error.contains(/checkpoints of the steps [0-9, ]+, not of 7777\n/), "\(absent.error)")
        }
        let again = try attent("train", "digits", "--out", out)
        #expect(again.status == 1)
        #expect(
            again.error
                == "attent: the output folder \(out) already exists, expected a new one\nNext: attent report \(out)\n")
        let resumed = try attent("resume", out)
        #expect(
            resumed.error.contains("it is complete already") && resumed.error.hasSuffix("Next: attent report \(out)\n"))
        try FileManager.default.removeItem(atPath: "\(out)/report.html")
        #expect(try attent("report", out).output == "Report: \(out)/report.html\n")
        #expect(FileManager.default.fileExists(atPath: "\(out)/report.html"))
        #expect(try attent("resume", temporaryPath()).status == 1)
    }

    @Test("corrupt images end a run by name, or are left out, counted and listed") func corruptImages() throws {
        let root = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: root) }
        // A black and a white pixel.
        let shades = ["NgAAAAAgABSK+kcQ", "P4DwABAQEAsTj2FA"].map {
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nG" + $0 + "AAAABJRU5ErkJggg=="
        }
        for (index, text) in (shades + shades).enumerated() {
            for part in ["train", "test"] {
                let folder = "\(root)/\(part)/\(index % 2)"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let data = try #require(Data(base64Encoded: text))
                try data.write(to: URL(fileURLWithPath: "\(folder)/\(index).png"))
            }
        }
        let bad = "\(root)/train/1/3.png"
        try Data("text".utf8).write(to: URL(fileURLWithPath: bad))
        let recipe = "\(root)/recipe.yaml"
        try Data(
            """
            name: pixels
            data: {kind: image-folder, path: \(root)}
            model: {kind: vit, image_size: 1, patch_size: 1, num_labels: 2, hidden_size: 4, num_attention_heads: 1}
            training: {epochs: 1, batch_size: 2, threads: 1, precision: fp32}
            """.utf8
        ).write(to: URL(fileURLWithPath: recipe))
        let refused = try attent("train", recipe, "--out", "\(root)/run")
        #expect(refused.status == 1 && refused.error.hasPrefix("attent: \(bad): found the magic number"))
        let run = try attent("train", recipe, "--quiet", "--out", "\(root)/run", "--skip-corrupt")
        #expect(run.status == 0 && run.error.hasPrefix("attent: left out 1 corrupt file:\n  \(bad): "), "\(run.error)")
    }

    @Test("doctor tells the engine and the machine") func doctor() throws {
        let result = try attent("doctor")
        #expect(result.status == 0)
        for word in ["libtorch", "C++11 ABI", "cpu capability", "GFLOP/s", "missing"] {
            #expect(result.output.contains(word))
        }
    }
}
