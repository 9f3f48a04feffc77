import Foundation
import Testing
import Torch

#if canImport(Glibc)
    import Glibc
#endif

/// Jobs of several processes on this machine.
@Suite("Several ranks", .serialized) struct DistributedCommandTests {
    /// Small, and without dropout, of which every rank has its own.
    static let settings = [
        "training.threads=1", "training.epochs=2", "training.batch_size=150", "training.precision=fp32",
        "model.num_hidden_layers=1", "model.hidden_dropout_prob=0", "training.drop_path=0", "evaluation.count=1",
    ]

    static func arguments(_ out: String, _ more: [String] = []) -> [String] {
        ["train", "digits", "--quiet", "--out", out] + (settings + more).flatMap { ["--set", $0] }
    }

    static func train(_ ranks: Int, _ out: String, _ more: [String] = []) throws {
        let results = try RankProcesses(ranks) { _ in arguments(out, more) }.wait()
        for result in results { #expect(result.status == 0 && result.error.isEmpty, "\(result.error)") }
    }

    static func weights(_ out: String) throws -> Data {
        let step = try #require(
            try FileManager.default.contentsOfDirectory(atPath: out)
                .compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.max())
        return try #require(FileManager.default.contents(atPath: "\(out)/step-\(step)/model.safetensors"))
    }

    @Test(
        "two and three ranks have the loss curve of one process",
        arguments: [
            ["teacher=standard"], ["teacher=attent-simple"], ["teacher=attent-plus"],
            ["teacher=selective-backprop"], ["training.micro_batch_size=40"],
        ])
    func lossCurve(more: [String]) throws {
        let (alone, shared) = (temporaryPath(), temporaryPath())
        defer { for path in [alone, shared] { try? FileManager.default.removeItem(atPath: path) } }
        let run = try attent(Self.arguments(alone, more))
        #expect(run.status == 0, "\(run.error)")
        try Self.train(more == ["teacher=standard"] ? 3 : 2, shared, more)
        let (expected, found) = (losses(in: alone), losses(in: shared))
        #expect(expected.count == found.count && expected.count >= 5)
        for (one, several) in zip(expected, found) { #expect(abs(one - several) < 1e-4 * max(1, abs(one))) }
    }

    @Test("different recipes and data are refused on every rank with the same sentence")
    func mismatch() throws {
        let out = temporaryPath()
        for (setting, message) in [
            ("training.seed=7", "attent: the recipe of rank 1 is 'seed: 7', expected 'seed: "),
            ("data.label_noise=0.1", "attent: the recipe of rank 1 is "),
        ] {
            let results = try RankProcesses(2) { Self.arguments(out, $0 == 1 ? [setting] : []) }.wait()
            for result in results {
                #expect(result.status == 1 && result.error.hasPrefix(message), "\(result.error)")
                #expect(result.error == results[0].error && result.error.split(separator: "\n").count == 1)
            }
            #expect(!FileManager.default.fileExists(atPath: out))
        }
    }

    @Test("a wrong environment is one sentence")
    func environment() throws {
        let out = temporaryPath()
        for (variables, message) in [
            (["MASTER_ADDR": ""], "MASTER_ADDR is absent, expected rank 0's address, since WORLD_SIZE is 2"),
            (["RANK": "5"], "RANK is 5, expected a rank from 0 to 1, below WORLD_SIZE"),
            (["WORLD_SIZE": "many"], "WORLD_SIZE is many, expected the number of ranks"),
        ] {
            for result in try RankProcesses(2, variables: variables, { _ in Self.arguments(out) }).wait() {
                #expect(result.status == 1 && result.error == "attent: the environment variable \(message)\n")
            }
        }
        let compare = try RankProcesses(2) { _ in ["compare", "digits"] }.wait()
        for result in compare {
            #expect(result.status == 1 && result.error.contains("WORLD_SIZE is 2, expected 1, since attent compare"))
        }
    }

    @Test(
        "ranks on CUDA without a device say so, and leave no folder",
        .enabled(if: Engine.cudaDeviceCount == 0, "this machine has CUDA devices"))
    func cuda() throws {
        let out = temporaryPath()
        let results = try RankProcesses(2) { _ in Self.arguments(out, ["training.device=cuda"]) }.wait()
        for result in results {
            #expect(result.status == 1 && result.error.contains("training.device is cuda:"), "\(result.error)")
            #expect(result.error.split(separator: "\n").filter { $0.hasPrefix("attent: ") }.count == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test("a port in use is said to be so, and the others that no store answers")
    func portInUse() throws {
        let (descriptor, port) = listen()
        defer { close(descriptor) }
        let out = temporaryPath()
        let processes = try RankProcesses(2, port: port, variables: ["ATTENT_TIMEOUT": "4"]) { _ in
            Self.arguments(out)
        }
        let results = try processes.wait()
        for result in results {
            #expect(result.status == 1 && result.error.split(separator: "\n").count == 1, "\(result.error)")
        }
        #expect(results[0].error.contains("the port \(port) of MASTER_PORT is in use"))
        #expect(results[1].error.contains("127.0.0.1:\(port)") || results[1].error.contains("come together"))
    }

    @Test("a killed rank ends the others with a sentence that says who, and the job goes on from its checkpoint")
    func kill() throws {
        let (out, undisturbed) = (temporaryPath(), temporaryPath())
        defer { for path in [out, undisturbed] { try? FileManager.default.removeItem(atPath: path) } }
        let more = ["checkpoints.every_steps=5", "training.epochs=4"]
        try Self.train(2, undisturbed, more)
        let steps = 12..<losses(in: undisturbed).count - 3
        let job = try RankProcesses.disturbed(
            2, by: SIGKILL, rank: 1, atSteps: steps, of: out, Self.arguments(out, more))
        let identifier = job.processes[1].processIdentifier
        let first = try job.wait()[0]
        #expect(first.status == 1 && first.error.contains("rank 1 (process \(identifier) on "), "\(first.error)")
        #expect(first.error.contains("is lost in step ") && first.error.split(separator: "\n").count == 1)
        let again = try RankProcesses(2) { _ in ["resume", out, "--quiet"] }.wait()
        for result in again { #expect(result.status == 0, "\(result.error)") }
        #expect(try Self.weights(out) == Self.weights(undisturbed))
    }

    @Test("told to stop, all ranks stop after the same step and save; another number of ranks goes on")
    func termination() throws {
        let (out, alone) = (temporaryPath(), temporaryPath())
        defer { for path in [out, alone] { try? FileManager.default.removeItem(atPath: path) } }
        let more = ["training.epochs=4"]
        #expect(try attent(Self.arguments(alone, more)).status == 0)
        let steps = 8..<losses(in: alone).count - 3
        let job = try RankProcesses.disturbed(
            3, by: SIGTERM, rank: 2, atSteps: steps, of: out, Self.arguments(out, more))
        let results = try job.wait()
        #expect(results.map(\.status) == [130, 0, 0], "\(results)")
        let done = losses(in: out).count
        #expect(done < losses(in: alone).count)
        let again = try RankProcesses(2) { _ in ["resume", out, "--quiet"] }.wait()
        for result in again { #expect(result.status == 0, "\(result.error)") }
        let (expected, found) = (losses(in: alone), losses(in: out))
        #expect(expected.count == found.count)
        for (one, several) in zip(expected, found) { #expect(abs(one - several) < 1e-3 * max(1, abs(one))) }
    }

    @Test(
        "torchrun starts a job, and after a rank was killed starts it anew from its checkpoint",
        .enabled(if: torchrun != nil, "ATTENT_PYTHON names no Python with torchrun beside it"))
    func launcher() throws {
        let (out, undisturbed) = (temporaryPath(), temporaryPath())
        defer { for path in [out, undisturbed] { try? FileManager.default.removeItem(atPath: path) } }
        let more = ["checkpoints.every_steps=5", "training.epochs=4"]
        try Self.train(2, undisturbed, more)
        let steps = 12..<losses(in: undisturbed).count - 3
        let job = try untilHeld(of: out) { () -> Process? in
            let job = try torchrunJob(Self.arguments(out, more))
            let worker = try hold({ try process(ofRank: 1, whoseArgumentsName: out) }, atSteps: steps, of: out)
            guard let worker else {
                job.waitUntilExit()
                return nil
            }
            _ = Glibc.kill(worker, SIGKILL)
            return job
        }
        job.waitUntilExit()
        #expect(job.terminationStatus == 0)
        #expect(try Self.weights(out) == Self.weights(undisturbed))
    }
}

/// Two ranks of a launcher that starts a job anew once.
private func torchrunJob(_ arguments: [String]) throws -> Process {
    let job = Process()
    job.executableURL = URL(fileURLWithPath: try #require(torchrun))
    job.arguments =
        [
            "--no-python", "--nproc-per-node=2", "--max-restarts=1", "--master-port=\(try freePort())",
            RankProcesses.executable.path,
        ] + arguments
    (job.standardError, job.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    job.currentDirectoryURL = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    try job.run()
    return job
}

/// A process that a launcher started, found by its environment and its arguments.
private func process(ofRank rank: Int, whoseArgumentsName path: String) throws -> Int32? {
    func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.first { number in
        text("/proc/\(number)/cmdline").hasPrefix(RankProcesses.executable.path)
            && text("/proc/\(number)/cmdline").contains(path)
            && text("/proc/\(number)/environ").split(separator: "\0").contains("RANK=\(rank)")
    }
}

/// The launcher beside the Python of ATTENT_PYTHON.
let torchrun: String? = ProcessInfo.processInfo.environment["ATTENT_PYTHON"].flatMap { python in
    let path = URL(fileURLWithPath: python).deletingLastPathComponent().appendingPathComponent("torchrun").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}
