import Foundation
import TestSupport
import Testing

@testable import attent

/// The guide's scripts for launchers, with stand-ins for the launchers that start both ranks on this machine.
@Suite("Launchers' scripts", .serialized) struct LauncherScriptTests {
    private static let page = "\(repository)/Documentation/AtteNT.docc/ManyMachines.md"

    private static let launcher = """
        #!/bin/bash
        while [[ $1 == -* ]]; do
            [ "$1" != -x ] || export "$2"
            shift 2
        done
        for rank in 0 1; do
            SLURM_PROCID=$rank SLURM_LOCALID=$rank SLURM_NTASKS=2 OMPI_COMM_WORLD_RANK=$rank \\
                OMPI_COMM_WORLD_LOCAL_RANK=$rank OMPI_COMM_WORLD_SIZE=2 "$@" &
            ranks+=($!)
        done
        status=0
        for rank in "${ranks[@]}"; do wait "$rank" || status=1; done
        exit $status
        """

    private func program(_ name: String, in folder: String, _ text: String) throws {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// - Returns: the status and what was said on standard error.
    private func run(_ script: String, _ arguments: [String], path: String) throws -> (status: Int32, error: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [script] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: repository)
        let environment = ProcessInfo.processInfo.environment
        process.environment = environment.merging([
            "PATH": "\(path):\(environment["PATH"] ?? "/usr/bin:/bin")", "SLURM_JOB_NODELIST": "here",
            "ATTENT_TIMEOUT": "60",
        ]) { $1 }
        return try process.runToEnd()
    }

    @Test("the guide's scripts for Slurm and MPI start jobs whose ranks train together", arguments: ["srun", "mpirun"])
    func script(launcher: String) throws {
        let (folder, out, expected) = (temporaryPath(), temporaryPath(), temporaryPath())
        defer { for path in [folder, out, expected] { try? FileManager.default.removeItem(atPath: path) } }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try program(launcher, in: folder, Self.launcher)
        for name in ["scontrol", "hostname"] { try program(name, in: folder, "#!/bin/sh\necho 127.0.0.1\n") }
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/attent", withDestinationPath: RankProcesses.executable.path)
        let block = try #require(
            try CodeBlock.all(in: Self.page).first { $0.language == "bash" && $0.text.contains("\n\(launcher) ") })
        try program("job.sh", in: folder, block.text.replacing("29500", with: "\(try freePort())"))

        let result = try run("\(folder)/job.sh", DistributedCommandTests.arguments(out), path: folder)
        #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
        try DistributedCommandTests.train(2, expected)
        #expect(try DistributedCommandTests.weights(out) == DistributedCommandTests.weights(expected))
    }

    @Test("what the guide has Kubernetes run is a command that the parser takes") func manifest() throws {
        let block = try #require(try CodeBlock.all(in: Self.page).first { $0.text.hasPrefix("apiVersion:") })
        let line = try #require(block.text.firstMatch(of: /args: \[(.*)\]/)).1
        let arguments = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(try Attent.parseAsRoot(arguments) is Train)
    }
}
