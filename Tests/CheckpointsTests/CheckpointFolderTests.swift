import Checkpoints
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct CheckpointFolderTests {
    struct Stop: Error {}

    /// A checkpoint with a model and a state.
    private func write(step: Int, in run: String) throws -> CheckpointFolder {
        try CheckpointFolder.write(step: step, in: run) { folder in
            try SafetensorsFile.write(
                [.init(name: "x", tensor: .full([16], Double(step)))], to: "\(folder)/model.safetensors")
            try AtomicFile.write(Data("{\"step\":\(step)}".utf8), to: "\(folder)/state.json")
        }
    }

    @Test("A checkpoint is written under its step, with a manifest that it agrees with")
    func writing() throws {
        try withTemporaryFolder { run in
            let checkpoint = try write(step: 30, in: run)
            #expect(checkpoint.path == "\(run)/step-30" && checkpoint.step == 30)
            #expect(try names(in: run) == ["step-30"])
            #expect(try names(in: checkpoint.path) == ["manifest.json", "model.safetensors", "state.json"])
            try checkpoint.verify()
            #expect(try SafetensorsFile(checkpoint.file("model.safetensors")).tensor(named: "x").floats.first == 30)
            let manifest = try Data(contentsOf: URL(fileURLWithPath: checkpoint.file("manifest.json")))
            let sums = try JSONDecoder().decode([String: String].self, from: manifest)
            #expect(sums.keys.sorted() == ["model.safetensors", "state.json"])
            // printf '{"step":30}' | sha256sum
            #expect(sums["state.json"] == "844c7b8956f0897aa49749f388d02d7c7e7e30b41ff3b3c65a748ac935288a5c")
        }
    }

    @Test("A step that is written again replaces the one before")
    func rewriting() throws {
        try withTemporaryFolder { run in
            _ = try write(step: 1, in: run)
            let again = try CheckpointFolder.write(step: 1, in: run) { folder in
                try AtomicFile.write(Data("new".utf8), to: "\(folder)/only.txt")
            }
            try again.verify()
            #expect(try names(in: again.path) == ["manifest.json", "only.txt"])
        }
    }

    @Test("A write that fails leaves nothing, not even over what a killed one left")
    func failure() throws {
        try withTemporaryFolder { run in
            let left = "\(run)/.step-2.partial"
            try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
            try Data("left over".utf8).write(to: URL(fileURLWithPath: "\(left)/old"))
            #expect(CheckpointFolder.all(in: run) == [])
            let error = #expect(throws: CheckpointError.self) {
                try CheckpointFolder.write(step: 2, in: run) { folder in
                    #expect(try names(in: folder) == [])
                    try AtomicFile.write(Data([1]), to: "\(folder)/half")
                    throw Stop()
                }
            }
            #expect(error == .unwritable(file: "\(run)/step-2", reason: "Stop()"))
            #expect(try names(in: run) == [])
            #expect(try write(step: 2, in: run).step == 2)
        }
    }

    @Test("All checkpoints are listed by step, not by name, and nothing else is")
    func listing() throws {
        try withTemporaryFolder { run in
            for step in [9, 100, 20] { _ = try write(step: step, in: run) }
            for other in ["step-x", ".step-7.partial", "report"] {
                try FileManager.default.createDirectory(atPath: "\(run)/\(other)", withIntermediateDirectories: false)
            }
            #expect(CheckpointFolder.all(in: run).map(\.step) == [100, 20, 9])
            #expect(CheckpointFolder.all(in: "\(run)/absent") == [])
        }
    }

    @Test("Only the newest are kept, and one at least", arguments: [(2, [100, 20]), (5, [100, 20, 9]), (0, [100])])
    func keeping(count: Int, kept: [Int]) throws {
        try withTemporaryFolder { run in
            for step in [9, 20] { _ = try write(step: step, in: run) }
            try write(step: 100, in: run).keepNewest(count)
            #expect(CheckpointFolder.all(in: run).map(\.step) == kept)
            for checkpoint in CheckpointFolder.all(in: run) { try checkpoint.verify() }
        }
    }

    @Test("What does not last counts for nothing and goes with the next one")
    func passing() throws {
        try withTemporaryFolder { run in
            var steps: [[Int]] = []
            for step in [10, 15, 17, 20, 25, 30] {
                try write(step: step, in: run).keepNewest(1) { $0.step.isMultiple(of: 10) }
                steps.append(CheckpointFolder.all(in: run).map(\.step))
            }
            #expect(steps == [[10], [15, 10], [17, 10], [20], [25, 20], [30]])
            let lasting = try CheckpointFolder.newestIntact(in: run, where: { $0.step < 30 }) { _ in }
            #expect(lasting == nil)
        }
    }

    @Test("One changed bit in any file is found, and the file named", arguments: ["model.safetensors", "state.json"])
    func flippedBit(name: String) throws {
        try withTemporaryFolder { run in
            let checkpoint = try write(step: 3, in: run)
            let file = URL(fileURLWithPath: checkpoint.file(name))
            let whole = try Data(contentsOf: file)
            for offset in Set([0, whole.count / 2, whole.count - 1]) {
                var damaged = whole
                damaged[offset] ^= 1
                try damaged.write(to: file)
                let error = try #require(throws: CheckpointError.self) { try checkpoint.verify() }
                guard case .checksum(file.path, let found, let expected) = error else {
                    Issue.record("found \(error)")
                    return
                }
                #expect(found != expected && found.count == 64 && expected.count == 64)
                #expect(error.description == "\(file.path) is damaged: its SHA-256 is \(found), expected \(expected)")
            }
            try whole.write(to: file)
            try checkpoint.verify()
        }
    }

    @Test("A truncated, an emptied and a missing file are found, and the file named")
    func incomplete() throws {
        try withTemporaryFolder { run in
            let checkpoint = try write(step: 3, in: run)
            let file = URL(fileURLWithPath: checkpoint.file("model.safetensors"))
            let whole = try Data(contentsOf: file)
            for count in [whole.count - 1, 0] {
                try whole.prefix(count).write(to: file)
                let error = try #require(throws: CheckpointError.self) { try checkpoint.verify() }
                guard case .checksum(file.path, _, _) = error else {
                    Issue.record("found \(error)")
                    return
                }
            }
            try FileManager.default.removeItem(at: file)
            #expect(throws: CheckpointError.unreadable(file: file.path, reason: "No such file or directory")) {
                try checkpoint.verify()
            }
        }
    }

    @Test("A manifest that is missing or is no manifest is named")
    func manifest() throws {
        try withTemporaryFolder { run in
            let checkpoint = try write(step: 3, in: run)
            let manifest = checkpoint.file("manifest.json")
            try Data("[]".utf8).write(to: URL(fileURLWithPath: manifest))
            let expected = "a JSON object of file names and SHA-256 sums"
            #expect(throws: CheckpointError.malformed(file: manifest, found: "something else", expected: expected)) {
                try checkpoint.verify()
            }
            try FileManager.default.removeItem(atPath: manifest)
            let missing = "it is missing, so the checkpoint is incomplete"
            #expect(throws: CheckpointError.unreadable(file: manifest, reason: missing)) { try checkpoint.verify() }
        }
    }
}
