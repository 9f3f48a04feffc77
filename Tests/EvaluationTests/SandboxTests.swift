import Foundation
import Testing

@testable import Evaluation

@Suite("The sandbox", .serialized, .enabled(if: !sandboxes.isEmpty, "neither bubblewrap nor unshare works here"))
struct SandboxTests {
    private func outcome(
        _ program: String, _ sandbox: Sandbox, time: Duration = .seconds(20)
    ) throws -> Sandbox.Outcome {
        var sandbox = sandbox
        (sandbox.limits.time, sandbox.limits.processorSeconds) = (time, 1)
        return try sandbox.run(python: program)
    }

    @Test("a program that comes to its end has finished", arguments: sandboxes)
    func success(_ sandbox: Sandbox) throws {
        let program = """
            import collections, math, re, tempfile, os
            with open("note.txt", "w") as file: file.write("hello")
            assert open("/tmp/note.txt").read() == "hello" and os.getcwd() == "/tmp"
            with tempfile.TemporaryDirectory() as folder: pass
            assert os.environ["HOME"] == "/tmp"
            print("x" * 100000)
            """
        #expect(try outcome(program, sandbox) == .finished)
        #expect(try outcome("import os; assert os.listdir('/tmp') == []", sandbox) == .finished, "a /tmp of its own")
    }

    @Test(
        "a program that ends otherwise has failed", arguments: sandboxes,
        [
            "assert 1 == 2", "1 +", "import sys; sys.exit(0)", "import os; os._exit(0)", "raise SystemExit",
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        ])
    func failure(_ sandbox: Sandbox, program: String) throws {
        #expect(try outcome(program, sandbox) != .finished)
    }

    /// Each comes to its end only where an attempt fails as it should.
    private static let refused = [
        (
            "the network",
            """
            import socket
            for address in [("1.1.1.1", 53), ("10.0.0.1", 80), ("192.168.0.1", 80)]:
                for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM]:
                    try:
                        with socket.socket(socket.AF_INET, kind) as s:
                            s.settimeout(1)
                            s.connect(address)
                    except OSError:
                        continue
                    raise SystemExit("connected")
            """
        ),
        (
            "writing anywhere but in /tmp",
            """
            import os
            for folder in ["/", "/usr", "/usr/bin", "/etc", "/bin", "/lib", "/dev", "/program.py", "/home", "/var/tmp"]:
                try:
                    open(folder if folder.endswith("py") else folder + "/x", "w")
                except OSError:
                    continue
                raise SystemExit(folder)
            """
        ),
        (
            "other people's files",
            """
            import os
            for path in ["/root", "/home", "/etc/passwd", "/etc/shadow", "/proc/1/environ", "/sys", "/var", "/old", "/mnt"]:
                assert not os.path.exists(path) or os.listdir(path) == [], path
            """
        ),
        (
            "privileges",
            """
            import ctypes, os
            libc = ctypes.CDLL(None)
            assert libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) != 0
            assert libc.umount2(b"/usr", 2) != 0
            assert libc.sethostname(b"x", 1) != 0
            for call in [lambda: os.chroot("/tmp"), lambda: os.mknod("/tmp/d", 0o60600, os.makedev(254, 0))]:
                try:
                    call()
                except OSError:
                    continue
                raise SystemExit("allowed")
            """
        ),
        (
            "open files of the caller's",
            """
            import os
            for descriptor in range(3, 256):
                try:
                    os.fstat(descriptor)
                except OSError:
                    continue
                raise SystemExit(str(descriptor))
            """
        ),
        (
            "other processes",
            """
            import os, signal
            for process in list(range(2, 5000)) + [os.getppid()]:
                if process in [os.getpid(), os.getppid()]: continue
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                except PermissionError:
                    continue
                raise SystemExit(str(process))
            """
        ),
    ]

    @Test("an attempt on what lies outside is refused", arguments: sandboxes, refused.map(\.0))
    func refusals(_ sandbox: Sandbox, _ subject: String) throws {
        let program = try #require(Self.refused.first { $0.0 == subject }?.1)
        #expect(try outcome(program, sandbox) == .finished)
    }

    @Test("a server on this machine cannot be reached", arguments: sandboxes)
    func loopback(_ sandbox: Sandbox) throws {
        let listener = try #require(LocalListener())
        let program = "import socket; socket.create_connection(('127.0.0.1', \(listener.port)), 2)"
        defer { withExtendedLifetime(listener) {} }
        #expect(try Sandbox(.none).run(python: program) == .finished, "a test of nothing otherwise")
        #expect(try outcome(program, sandbox) != .finished)
    }

    @Test("a secret under the caller's home cannot be read", arguments: sandboxes)
    func home(_ sandbox: Sandbox) throws {
        let file = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(
            ".attent-\(UUID().uuidString)")
        try Data("secret".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        // Elsewhere too: the folder that programs are handed over in lies among other temporary files.
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("attent-\(UUID().uuidString)")
        try Data("secret".utf8).write(to: temporary)
        defer { try? FileManager.default.removeItem(at: temporary) }
        for path in [file.path, temporary.path] {
            #expect(try outcome("open('\(path)').read()", sandbox) != .finished)
            #expect(try outcome("open('/old\(path)').read()", sandbox) != .finished)
            #expect(try outcome("open('/tmp/../..\(path)').read()", sandbox) != .finished)
        }
    }

    /// The times are generous, for the machine may be busy; a processor's limit is one second.
    @Test("hogs come to nothing, and soon", arguments: sandboxes)
    func hogs(_ sandbox: Sandbox) throws {
        let start = ContinuousClock.now
        for (program, reason) in [
            ("x = bytearray(1 << 30)", "MemoryError"),
            ("x = []\nwhile True: x.append(bytearray(64 << 20))", "MemoryError"),
            ("while True: pass", "ended with"),
            ("while True: print('x' * 10000)", "wrote more than"),
            ("open('big', 'wb').write(bytes(100 << 20))", "File too large"),
            ("for i in range(10): open(str(i), 'wb').write(bytes(8 << 20))", "No space left"),
        ] {
            let outcome = try outcome(program, sandbox)
            guard case .failed(let found) = outcome else {
                Issue.record("\(program) finished")
                continue
            }
            #expect(found.contains(reason) || found.contains("signal"), "\(program): \(found)")
        }
        for program in ["import time; time.sleep(60)", "import os, time; os.close(1); os.close(2); time.sleep(60)"] {
            let sleeping = try outcome(program, sandbox, time: .seconds(1))
            #expect(sleeping == .failed("was still running after 1.0 seconds"))
        }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("a fork bomb is held, and nothing of it is left", arguments: sandboxes)
    func forkBomb(_ sandbox: Sandbox) throws {
        // What a process is called can be seen from outside.
        let mark = "bomb-\(UUID().uuidString.prefix(8))"
        let program = """
            import os, time
            made = 0
            try:
                while True:
                    if os.fork() == 0:
                        os.execv("/bin/sleep", ["\(mark)", "50"])
                    made += 1
                    assert made < 100
            except BlockingIOError:
                print("held at", made)
            """
        #expect(try outcome(program, sandbox) == .finished)
        #expect(try outcome("import os\nwhile True: os.fork()", sandbox) != .finished)
        for _ in 0..<50 where Self.processes(named: mark) > 0 { usleep(50_000) }
        #expect(Self.processes(named: mark) == 0)
    }

    private static func processes(named mark: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.count { name in
            FileManager.default.contents(atPath: "/proc/\(name)/cmdline").map {
                String(decoding: $0, as: UTF8.self).hasPrefix(mark)
            } ?? false
        }
    }

    @Test("killing the parent and everybody else harms nobody outside", arguments: sandboxes)
    func killing(_ sandbox: Sandbox) throws {
        let bystander = Process()
        bystander.executableURL = URL(fileURLWithPath: "/bin/sleep")
        bystander.arguments = ["60"]
        try bystander.run()
        defer {
            kill(bystander.processIdentifier, SIGKILL)
            bystander.waitUntilExit()
        }
        let program = """
            import os, signal
            for process in [os.getppid(), 1, \(bystander.processIdentifier), \(getpid()), -1]:
                try:
                    os.kill(process, signal.SIGKILL)
                except OSError:
                    pass
            """
        _ = try outcome(program, sandbox)
        #expect(bystander.isRunning)
        #expect(try outcome("pass", sandbox) == .finished)
    }

    @Test("a descendant that detaches ends with its program", arguments: sandboxes)
    func daemons(_ sandbox: Sandbox) throws {
        let mark = "daemon-\(UUID().uuidString.prefix(8))"
        let program = """
            import os
            if os.fork() == 0:
                os.setsid()
                for descriptor in range(3): os.close(descriptor)
                os.execv("/bin/sleep", ["\(mark)", "50"])
            """
        #expect(try outcome(program, sandbox) == .finished)
        for _ in 0..<50 where Self.processes(named: mark) > 0 { usleep(50_000) }
        #expect(Self.processes(named: mark) == 0)
    }
}

@Suite(
    "Without a sandbox", .enabled(if: Sandbox.tool("python3") != nil, "there is no python3 among the system's programs")
)
struct UnsafeSandboxTests {
    @Test("programs run under limits alone, where that is asked for") func limits() throws {
        var sandbox = try Sandbox(.none)
        sandbox.limits.time = .seconds(3)
        #expect(try sandbox.run(python: "assert 1 == 1") == .finished)
        #expect(
            try sandbox.run(python: "import os; assert 'PATH' in os.environ; assert len(os.environ) < 6") == .finished)
        #expect(try sandbox.run(python: "x = bytearray(1 << 30)") != .finished)
        #expect(
            try sandbox.run(python: "import time; time.sleep(60)") == .failed("was still running after 3.0 seconds"))
    }

    @Test("a sandbox that does not work is an error that says so") func broken() {
        let error = #expect(throws: EvaluationError.self) { try Sandbox(.bubblewrap("/bin/false")) }
        #expect(error.map { "\($0)".contains("--unsafe-without-sandbox") } == true)
    }
}
