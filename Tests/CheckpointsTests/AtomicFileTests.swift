import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
    struct Stop: Error {}

    @Test("A write appears whole under its name and leaves nothing else")
    func whole() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            try AtomicFile.write(to: path) { append in
                try append(Data("one ".utf8))
                try append(Data())
                #expect(try names(in: folder) == ["file.partial"])
                try append(Data("two".utf8))
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "one two")
            try AtomicFile.write(Data("three".utf8), to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "three")
            #expect(try names(in: folder) == ["file"])
        }
    }

    @Test("A write that fails leaves what was there before, and no temporary file")
    func failure() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            func attempt() throws {
                try AtomicFile.write(to: path) { append in
                    try append(Data("half".utf8))
                    throw Stop()
                }
            }
            #expect(throws: Stop.self) { try attempt() }
            #expect(try names(in: folder) == [])
            try AtomicFile.write(Data("before".utf8), to: path)
            #expect(throws: Stop.self) { try attempt() }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")
            #expect(try names(in: folder) == ["file"])
        }
    }

    @Test("Of two who write one file at a time each writes its own, and what a dead one had begun is in nobody's way")
    func together() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            try Data("begun by a process that died".utf8).write(to: URL(fileURLWithPath: "\(path).partial"))
            try AtomicFile.write(to: path) { append in
                try append(Data("first".utf8))
                try AtomicFile.write(to: path) { append in
                    try append(Data("second".utf8))
                    #expect(try names(in: folder) == ["file.2.partial", "file.partial"])
                }
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
                try append(Data(" and last".utf8))
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "first and last")
            #expect(try names(in: folder) == ["file"])
        }
    }

    @Test("A folder that does not exist or a name that is a folder is named in the error")
    func unwritable() throws {
        try withTemporaryFolder { folder in
            let absent = "\(folder)/absent/file"
            #expect(throws: CheckpointError.unwritable(file: absent, reason: "No such file or directory")) {
                try AtomicFile.write(Data([1]), to: absent)
            }
            let taken = "\(folder)/taken"
            try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: false)
            #expect(throws: CheckpointError.unwritable(file: taken, reason: "Is a directory")) {
                try AtomicFile.write(Data([1]), to: taken)
            }
            #expect(try names(in: folder) == ["taken"])
        }
    }
}
