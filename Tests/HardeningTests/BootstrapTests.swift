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
        for name in ["bootstrap", "wheels.bash", "checksums.sha256", "unpack_wheel.py"]
        where !manager.fileExists(atPath: "\(folder)/scripts/\(name)") {
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
            try Self.version("2.13.0", in: torch)
            let result = try setUp(in: folder, wheel: "none", torch: torch)
            #expect(result.status == 1)
            #expect(result.error.contains("digits.csv.gz does not have the SHA-256"), "\(result.error)")
        }
    }

    private static func version(_ version: String, in torch: String) throws {
        try "__all__ = []\n__version__ = '\(version)+cpu'\n".write(
            toFile: "\(torch)/version.py", atomically: true, encoding: .utf8)
    }

    @Test("a torch that is named takes the place of one that is there, be it a folder or a link that leads nowhere")
    func otherTorch() throws {
        try withTemporaryFolder { folder in
            let (manager, link) = (FileManager.default, "\(folder)/.native/torch")
            for name in ["first/torch", "second/torch", ".native/torch"] {
                try manager.createDirectory(atPath: "\(folder)/\(name)/lib", withIntermediateDirectories: true)
                try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)/lib/libtorch_cpu.so"))
                try Self.version("2.13.0", in: "\(folder)/\(name)")
            }
            for name in ["first/torch", "\(folder)/second/torch", "\(folder)/second/torch"] {
                // The digits are the next that is missed.
                #expect(try setUp(in: folder, wheel: "none", torch: name).error.contains("digits"))
                let place = name.hasPrefix("/") ? name : "\(folder)/\(name)"
                #expect(try manager.destinationOfSymbolicLink(atPath: link) == place.resolvingLinks)
                #expect(try manager.contentsOfDirectory(atPath: place).sorted() == ["lib", "version.py"])
            }
            try manager.removeItem(atPath: "\(folder)/second")
            #expect(try setUp(in: folder, wheel: "torch-9.whl").error.contains("has no torch-9.whl"))
        }
    }

    @Test("a torch of another version is refused") func otherVersion() throws {
        try withTemporaryFolder { folder in
            let torch = "\(folder)/torch"
            try FileManager.default.createDirectory(atPath: "\(torch)/lib", withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: "\(torch)/lib/libtorch_cpu.so"))
            try Self.version("2.12.1", in: torch)
            let result = try setUp(in: folder, wheel: "none", torch: torch)
            #expect(result.status == 1)
            #expect(
                result.error.hasSuffix("ATTENT_TORCH=\(torch) is torch 2.12.1, expected 2.13.0\n"), "\(result.error)")
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

extension String {
    fileprivate var resolvingLinks: String { URL(fileURLWithPath: self).resolvingSymlinksInPath().path }
}
