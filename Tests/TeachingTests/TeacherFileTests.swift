import Foundation
import Testing

@testable import Teaching

@Suite struct TeacherFileTests {
    static func run(_ policy: Policy = .attentPlus, scratch: String? = nil) throws -> TestRun {
        var run = try TestRun(policy, count: 60, epochs: 5)
        run.teacher = try Teacher(policy: policy, exampleCount: 60, epochs: 5, seed: 0, scratch: scratch)
        return run
    }

    @Test("a teacher whose table is mapped teaches with equal bits", arguments: Policy.presets)
    func mapped(policy: Policy) throws {
        try withFolder { folder in
            var plain = try Self.run(policy)
            var mapped = try Self.run(policy, scratch: folder)
            #expect(try plain.finish() == mapped.finish() && plain.teacher.state == mapped.teacher.state)
            #expect(try files(in: folder).isEmpty)
        }
    }

    @Test("a teacher restored from a file goes on with equal bits, in memory or mapped", arguments: Policy.presets)
    func roundTrip(policy: Policy) throws {
        try withFolder { folder in
            var run = try Self.run(policy)
            for _ in 0..<2 { _ = try run.step() }
            let path = folder + "/teacher.bin"
            try run.teacher.state.write(to: path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == run.teacher.state.serialized())
            var rests: [[Taught]] = []
            for scratch in [nil, folder] {
                var restored = run
                restored.teacher = try Teacher(restoring: TeacherState(contentsOf: path, scratch: scratch))
                #expect(restored.teacher.state == run.teacher.state && restored.teacher.lesson == run.teacher.lesson)
                rests.append(try restored.finish())
            }
            let rest = try run.finish()
            #expect(rests == [rest, rest])
            #expect(try files(in: folder) == ["teacher.bin"])
        }
    }

    @Test("a copy of a teacher with a mapped table goes its own way")
    func copies() throws {
        try withFolder { folder in
            var teacher = try Teacher(policy: .attentPlus, exampleCount: 10, epochs: 2, seed: 0, scratch: folder)
            teacher.record([1], for: [3])
            let state = teacher.state
            var copy = teacher
            copy.record([2], for: [3])
            teacher.record([5], for: [4])
            #expect(teacher.table.scores[3] == 1 && teacher.table.scores[4] == 5)
            #expect(copy.table.scores[3] == 2 && copy.table.scores[4].isNaN)
            #expect(state.scores[3] == 1 && state.scores[4].isNaN)
        }
    }

    @Test("a file cut short or with a flipped bit is refused")
    func damage() throws {
        try withFolder { folder in
            let data = try TeacherStateTests.sample()
            let path = folder + "/teacher.bin"
            func read(_ bytes: Data, scratch: String?) throws {
                try bytes.write(to: URL(fileURLWithPath: path))
                _ = try TeacherState(contentsOf: path, scratch: scratch)
            }
            try read(data, scratch: folder)
            for position in stride(from: 0, to: data.count, by: 7) {
                let scratch = position % 2 == 0 ? folder : nil
                #expect(throws: TeachingError.self) { try read(data.prefix(position), scratch: scratch) }
                var damaged = data
                damaged[position] ^= 1 << UInt8(position % 8)
                #expect(throws: TeachingError.self) { try read(damaged, scratch: scratch) }
            }
            #expect(throws: TeachingError.self) { try read(data + [0], scratch: nil) }
            // Sizes of parts whose sum overflows, or is beyond the file.
            for size in [UInt64.max - 1, UInt64(Int.max), 1 << 40] {
                var damaged = data
                withUnsafeBytes(of: size) { damaged.replaceSubrange(16..<24, with: $0) }
                #expect(throws: TeachingError.self) { try read(damaged, scratch: folder) }
            }
            #expect(try files(in: folder) == ["teacher.bin"])
        }
    }

    @Test("a file or folder that is not there is an error that names it")
    func missing() throws {
        let reason = "No such file or directory"
        try withFolder { folder in
            let state = try Self.run().teacher.state
            let path = folder + "/missing/teacher.bin"
            #expect(throws: TeachingError.unwritable(path: path, reason: reason)) { try state.write(to: path) }
            #expect(throws: TeachingError.unreadable(path: path, reason: reason)) {
                try TeacherState(contentsOf: path)
            }
            try state.write(to: folder + "/teacher.bin")
            #expect(throws: TeachingError.unwritable(path: folder + "/missing", reason: reason)) {
                try TeacherState(contentsOf: folder + "/teacher.bin", scratch: folder + "/missing")
            }
            #expect(try files(in: folder) == ["teacher.bin"])
        }
    }

    @Test(
        "where the disk is full, the old file stays and nothing else",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full here"))
    func fullDisk() throws {
        try withFolder { folder in
            let path = folder + "/teacher.bin"
            try Self.run().teacher.state.write(to: path)
            let old = try Data(contentsOf: URL(fileURLWithPath: path))
            // The new file's bytes go to a device that is always full.
            try FileManager.default.createSymbolicLink(atPath: path + ".partial", withDestinationPath: "/dev/full")
            var run = try Self.run()
            _ = try run.finish()
            #expect(throws: TeachingError.unwritable(path: path, reason: "No space left on device")) {
                try run.teacher.state.write(to: path)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == old)
            #expect(try files(in: folder) == ["teacher.bin"])
        }
    }

    @Test("the checksum is FNV-1a over words, however the bytes come in pieces")
    func checksum() throws {
        let bytes = (0..<61).map { UInt8(truncatingIfNeeded: $0 * 37 + 5) }
        var expected: UInt64 = 0xCBF2_9CE4_8422_2325 ^ 61
        for start in stride(from: 0, to: 56, by: 8) {
            let word = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
            expected = (expected ^ word) &* 0x100_0000_01B3
        }
        for byte in bytes[56...] { expected = (expected ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for size in [1, 3, 8, 13, 61] {
            var checksum = StateChecksum(byteCount: 61)
            for start in stride(from: 0, to: 61, by: size) {
                Array(bytes[start..<min(start + size, 61)]).withUnsafeBytes { checksum.add($0) }
            }
            #expect(checksum.value == expected)
        }
    }
}
