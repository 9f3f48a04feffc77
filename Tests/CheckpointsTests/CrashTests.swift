import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct CrashTests {
    private func checkpoint(_ step: Int, _ text: String = "state", in run: String) throws -> CheckpointFolder {
        try CheckpointFolder.write(step: step, in: run) { folder in
            try AtomicFile.write(Data(text.utf8), to: "\(folder)/state.json")
        }
    }

    private func text(_ checkpoint: CheckpointFolder) throws -> String {
        try String(contentsOfFile: checkpoint.file("state.json"), encoding: .utf8)
    }

    @Test(
        "A checkpoint that was set aside when the process died returns; what is unfinished or was on its way out goes")
    func recovery() throws {
        try withTemporaryFolder { run in
            for step in 1...4 { _ = try checkpoint(step, in: run) }
            let manager = FileManager.default
            // Died between the two renames, after the second, while filling a new one, while removing an old one.
            try manager.moveItem(atPath: "\(run)/step-1", toPath: "\(run)/.step-1.replaced")
            try manager.copyItem(atPath: "\(run)/step-2", toPath: "\(run)/.step-2.replaced")
            try manager.copyItem(atPath: "\(run)/step-3", toPath: "\(run)/.step-30.partial")
            try manager.moveItem(atPath: "\(run)/step-4", toPath: "\(run)/.step-4.removed")
            try Data().write(to: URL(fileURLWithPath: "\(run)/.step-notes"))
            try AtomicFolder.recover(in: run, prefix: "step-")
            #expect(try names(in: run) == [".step-notes", "step-1", "step-2", "step-3"])
            for checkpoint in CheckpointFolder.all(in: run) { try checkpoint.verify() }
            try AtomicFolder.recover(in: "\(run)/absent", prefix: "step-")
        }
    }

    @Test("A checkpoint written again takes the place of the first, and nothing else is left")
    func replacing() throws {
        try withTemporaryFolder { run in
            _ = try checkpoint(1, "old", in: run)
            // What an earlier crash left under the name for what is set aside is in nobody's way.
            try FileManager.default.createDirectory(
                atPath: "\(run)/.step-1.replaced/deep", withIntermediateDirectories: true)
            #expect(try text(checkpoint(1, "new", in: run)) == "new")
            #expect(try names(in: run) == ["step-1"])
        }
    }

    @Test("What is kept ends with the checkpoint just written, though damaged ones of later steps are there")
    func keeping() throws {
        try withTemporaryFolder { run in
            for step in [10, 20, 30, 40] { _ = try checkpoint(step, in: run) }
            // The run went back behind 30 and 40 and was stopped at 25.
            let written = try checkpoint(25, in: run)
            try written.keepNewest(2)
            #expect(CheckpointFolder.all(in: run).map(\.step) == [25, 20])
            try written.keepNewest(0)
            #expect(CheckpointFolder.all(in: run).map(\.step) == [25])
        }
    }

    @Test("The newest intact checkpoint is found behind damaged ones, which are told of")
    func newestIntact() throws {
        try withTemporaryFolder { run in
            #expect(try CheckpointFolder.newestIntact(in: run) { _ in } == nil)
            for step in [10, 20, 30] { _ = try checkpoint(step, in: run) }
            try Data("flipped".utf8).write(to: URL(fileURLWithPath: "\(run)/step-30/state.json"))
            try FileManager.default.removeItem(atPath: "\(run)/step-20/state.json")
            var damage: [String] = []
            let found = try CheckpointFolder.newestIntact(in: run) { damage.append($0.description) }
            #expect(found?.step == 10)
            #expect(damage.count == 2 && damage[0].hasPrefix("\(run)/step-30/state.json is damaged: its SHA-256 is "))
            #expect(damage.last == "\(run)/step-20/state.json cannot be read: No such file or directory")
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(run)/step-10/manifest.json"))
            #expect(throws: CheckpointError.self) { try CheckpointFolder.newestIntact(in: run) { _ in } }
        }
    }

    @Test("A manifest leads to no file outside its folder", arguments: ["../secret", "/etc/passwd", "..", "a/b", ""])
    func escape(name: String) throws {
        try withTemporaryFolder { run in
            let checkpoint = try checkpoint(1, in: run)
            try JSONEncoder().encode([name: "00"]).write(to: URL(fileURLWithPath: checkpoint.file("manifest.json")))
            let error = CheckpointError.malformed(
                file: checkpoint.file("manifest.json"), found: "the file \(name)",
                expected: "the name of a file beside it")
            #expect(throws: error) { try checkpoint.verify() }
        }
    }

    @Test("A full disk is one sentence that names the file")
    func diskFull() throws {
        // /dev/full takes no byte; a rename onto it never happens.
        try withTemporaryFolder { folder in
            let path = "\(folder)/state"
            try FileManager.default.createSymbolicLink(atPath: "\(path).partial", withDestinationPath: "/dev/full")
            let error = CheckpointError.unwritable(file: path, reason: "No space left on device")
            #expect(throws: error) { try AtomicFile.write(Data("state".utf8), to: path) }
            #expect(error.description == "\(path) cannot be written: No space left on device")
            #expect(try names(in: folder) == [])
        }
    }
}
