import Foundation
import TestSupport
import Testing

@Suite("No code from files") struct NoCodeTests {
    /// What `pickle.dumps` makes of an object whose `__reduce__` is `os.system` on `touch path`: `pickle.load` would run it.
    private func pickle(touching path: String) -> Data {
        let command = Array("touch \(path)".utf8)
        let frame =
            Array("cposix\nsystem\n(X".utf8) + withUnsafeBytes(of: UInt32(command.count).littleEndian, Array.init)
        return Data([0x80, 2] + frame + command + Array("tR.".utf8))
    }

    @Test(
        "a pickle that would run a command runs none, whatever is asked to read it", arguments: Parser.all.keys.sorted()
    )
    func pickle(name: String) throws {
        try withTemporaryFolder { folder in
            let (parser, mark) = (try #require(Parser.all[name]), "\(folder)/mark")
            for (name, bytes) in parser.companions {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            let path = "\(folder)/\(parser.fileName)"
            try pickle(touching: mark).write(to: URL(fileURLWithPath: path))
            #expect(throws: (any Error).self) { try parser.read(path) }
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test("the pickle of these tests is one that Python runs") func isPickle() throws {
        try withTemporaryFolder { folder in
            let (path, mark) = ("\(folder)/pickle", "\(folder)/mark")
            try pickle(touching: mark).write(to: URL(fileURLWithPath: path))
            let python = Process()
            python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            python.arguments = ["python3", "-c", "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))", path]
            #expect(try python.runToEnd().status == 0 && FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test("nothing of what is compiled can load code or objects out of a file") func sources() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources").path
        let loaders = [
            "torch::load", "torch::jit::load", "pickle_load", "torch::pickle", "readArchiveAndTensors", "dlopen",
            "NSKeyedUnarchiver", "NSClassFromString", "Bundle(path:", "Py_Initialize",
        ]
        var count = 0
        for case let name as String in try #require(FileManager.default.enumerator(atPath: root)) {
            guard ["swift", "h", "cpp", "c"].contains((name as NSString).pathExtension) else { continue }
            var text = try String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)
            // The program's own library for CUDA has a name that nothing changes.
            if name == "CTorch/nccl.cpp" { text = text.replacing("dlopen(ncclLibraryName, ", with: "") }
            for loader in loaders { #expect(!text.contains(loader), "\(name) has \(loader)") }
            count += 1
        }
        #expect(count > 100)
    }
}
