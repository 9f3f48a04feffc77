import Foundation
import TestSupport
import Testing
import Training

/// What becomes of a command whose output nobody reads, or which has nowhere to go.
@Suite("Streams that fail", .serialized) struct StreamTests {
    private static let settings = ["training.epochs=1", "data.limit=128", "training.threads=1", "teacher=standard"]
        .map { "--set \($0)" }.joined(separator: " ")

    /// Runs a line of bash in which `attent` is the built one, and which fails as any part of a pipe does.
    private func shell(_ line: String) throws -> (status: Int32, error: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        let script = #"set -o pipefail; attent() { "$0" "$@"; }; "# + line
        process.arguments = ["-c", script, RankProcesses.executable.path]
        process.currentDirectoryURL = URL(fileURLWithPath: repository)
        return try process.runToEnd()
    }

    @Test("a run whose reader goes away is trained to its end and saved") func closedPipe() throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let run = try shell("attent train digits --out \(out) \(Self.settings) | true")
        #expect(run.status == 141 && run.error.isEmpty, "\(run.error)")
        let folder = try RunFolder.open(out)
        #expect(try folder.readSummary()?.isComplete == true)
        #expect(FileManager.default.fileExists(atPath: folder.report))
        try folder.newestCheckpoint().verify()
    }

    @Test("an outcome that cannot be written is an error of one sentence, or of none where its reader has gone")
    func outcome() throws {
        for command in ["recipes", "recipes --names --json", ""] {
            let full = try shell("attent \(command) > /dev/full")
            #expect(full.status == 1)
            #expect(full.error == "attent: standard output cannot be written: No space left on device\n")
            let closed = try shell("attent \(command) >&-")
            #expect(closed.status == 1)
            #expect(closed.error == "attent: standard output cannot be written: Bad file descriptor\n")
            let gone = try shell("{ sleep 0.5; attent \(command); } | true")
            #expect(gone.status == 141 && gone.error.isEmpty, "\(gone.error)")
        }
    }

    @Test("an error that cannot be told keeps its status", arguments: ["2> /dev/full", "2>&-"])
    func complaint(redirection: String) throws {
        #expect(try shell("attent dance \(redirection)").status == 2)
        #expect(try shell("attent train nothing.yaml \(redirection)").status == 1)
    }

    @Test("closed streams lend their numbers to no file of a run's") func closedStreams() throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let run = try shell("attent train digits --out \(out) \(Self.settings) <&- >&- 2>&-")
        #expect(run.status == 1)
        try RunFolder.open(out).newestCheckpoint().verify()
        let metrics = try String(contentsOfFile: RunFolder(path: out).metrics, encoding: .utf8)
        #expect(metrics.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test("what a served report says first is there while it is served") func servedReport() throws {
        try withFolder { folder in
            let recipe = try #require(BundledRecipe.named("digits")).text
            try recipe.write(toFile: "\(folder)/recipe.yaml", atomically: true, encoding: .utf8)
            let log = "\(folder)/log"
            try Data().write(to: URL(fileURLWithPath: log))
            let process = Process()
            process.executableURL = RankProcesses.executable
            process.arguments = ["report", folder, "--serve"]
            process.standardOutput = try #require(FileHandle(forWritingAtPath: log))
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer {
                // What a test process ignores its children do too.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            let expected = "Report: \(folder)/report.html\n"
            let isThere = (0..<600).contains { _ in
                Thread.sleep(forTimeInterval: 0.1)
                return (try? String(contentsOfFile: log, encoding: .utf8)) == expected
            }
            #expect(isThere && process.isRunning)
        }
    }
}
