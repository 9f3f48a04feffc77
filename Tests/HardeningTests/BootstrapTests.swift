import Foundation
import TestSupport
import Testing

/// What scripts/bootstrap does with wheels that are not the ones it knows. A stand-in for pip hands them over.
@Suite("Set-up") struct BootstrapTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let programs = [
        "swift": "#!/bin/sh\n",
        "dpkg-query": "#!/bin/sh\necho install ok installed\n",
        "python3": """
        #!/bin/sh
        while [ $# -gt 0 ]; do
            [ "$1" != --dest ] || printf 'not the wheel' > "$2/$WHEEL"
            shift
        done
        """,
    ]

    /// - Returns: the status and what was said of a set-up whose pip downloads a file of this name.
    private func setUp(in folder: String, wheel: String, torch: String? = nil) throws -> (status: Int32, error: String)
    {
        let manager = FileManager.default
        for name in ["scripts", "programs"] {
            try manager.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        for name in ["bootstrap", "wheels.bash", "checksums.sha256", "unpack_wheel.py"] {
            try manager.copyItem(
                atPath: Self.root.appendingPathComponent("scripts/\(name)").path, toPath: "\(folder)/scripts/\(name)")
        }
        for (name, text) in Self.programs {
            try text.write(toFile: "\(folder)/programs/\(name)", atomically: true, encoding: .utf8)
            try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/programs/\(name)")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(folder)/scripts/bootstrap")
        process.environment = ["PATH": "\(folder)/programs:/usr/bin:/bin", "WHEEL": wheel]
        process.environment?["ATTENT_TORCH"] = torch
        return try process.runToEnd()
    }

    private func installed(in folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: "\(folder)/.native")?.allObjects as? [String] ?? []).sorted()
    }

    @Test("a wheel that is not the known one is refused, and nothing of it stays") func tampered() throws {
        let list = try String(contentsOf: Self.root.appendingPathComponent("scripts/checksums.sha256"), encoding: .utf8)
        let known = list.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(known.count >= 3)
        for line in known {
            try withTemporaryFolder { folder in
                let result = try setUp(in: folder, wheel: line[1])
                #expect(result.status == 1)
                #expect(
                    result.error.hasSuffix(
                        "\(line[1]) has the SHA-256 \(Self.digest), expected \(line[0])\n"), "\(result.error)")
                #expect(installed(in: folder) == [])
            }
        }
    }

    @Test("a wheel that nobody listed is refused with the line that would list it") func unlisted() throws {
        try withTemporaryFolder { folder in
            let result = try setUp(in: folder, wheel: "torch-9.whl")
            #expect(result.status == 1)
            #expect(
                result.error.hasSuffix(
                    "scripts/checksums.sha256 has no torch-9.whl; if you trust it, add the line '\(Self.digest)  torch-9.whl'\n"
                ), "\(result.error)")
            #expect(installed(in: folder) == [])
        }
    }

    @Test("digits that are not the known ones are refused") func digits() throws {
        try withTemporaryFolder { folder in
            let (torch, file) = ("\(folder)/torch", "\(folder)/.native/data/digits.csv.gz")
            for path in ["\(torch)/lib/libtorch_cpu.so", file] {
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data("other".utf8).write(to: URL(fileURLWithPath: path))
            }
            let result = try setUp(in: folder, wheel: "none", torch: torch)
            #expect(result.status == 1)
            #expect(result.error.contains("digits.csv.gz does not have the SHA-256"), "\(result.error)")
        }
    }

    @Test("no script pipes the network into a shell") func noPipes() throws {
        for name in try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("scripts").path)
        {
            let path = Self.root.appendingPathComponent("scripts/\(name)")
            guard let text = try? String(contentsOf: path, encoding: .utf8) else { continue }
            #expect(!text.contains(#/(curl|wget)\b[^\n]*\|\s*(sudo\s+)?(ba|da|z)?sh\b/#), "\(name)")
        }
    }

    /// Of "not the wheel".
    private static let digest = "57ec5cde61a780c6eca1f35fa3476ff2202b30f315d35d0cab34f92730dc5120"
}
