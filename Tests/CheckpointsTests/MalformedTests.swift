import Checkpoints
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct MalformedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let header: String
        let data: Int
        let found: String
        let expected: String
        var testDescription: String { found }

        init(_ header: String, data: Int = 0, _ found: String, expected: String = "the safetensors format") {
            (self.header, self.data, self.found, self.expected) = (header, data, found, expected)
        }
    }

    private static func entry(
        _ name: String = "x", dtype: String = "F32", shape: String = "[2]", _ begin: Int = 0, _ end: Int = 8
    ) -> String {
        #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
    }

    private static let incomplete = "an entry x without dtype, shape and two data_offsets"

    static let structure: [Case] = [
        Case("", "a header that is not a JSON object"),
        Case("{\"x\":", "a header that is not a JSON object"),
        Case("[1, 2]", "a header that is not a JSON object"),
        Case(#"{"__metadata__":{"a":1}}"#, "__metadata__ with values that are not strings", expected: "strings only"),
        Case(#"{"x":3}"#, incomplete),
        Case(#"{"x":{"shape":[2],"data_offsets":[0,8]}}"#, data: 8, incomplete),
        Case(#"{"x":{"dtype":"F32","data_offsets":[0,8]}}"#, data: 8, incomplete),
        Case(#"{"x":{"dtype":"F32","shape":[2]}}"#, data: 8, incomplete),
        Case(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, data: 8, incomplete),
        Case(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}"#, data: 8, incomplete),
        Case("{\(entry(shape: "[1.5]"))}", data: 8, incomplete),
        Case("{\(entry(shape: "[36893488147419103232]"))}", data: 8, incomplete),
    ]

    static let values: [Case] = [
        Case(
            "{\(entry(dtype: "F8_E4M3"))}", data: 8, "x of type F8_E4M3",
            expected: "U8, I32, I64, F16, F32, F64, BOOL, BF16"),
        Case("{\(entry(shape: "[-2]"))}", data: 8, "x of shape [-2]", expected: "sizes that fit in memory"),
        Case(
            "{\(entry(shape: "[4611686018427387904,4]"))}", data: 8, "x of shape [4611686018427387904, 4]",
            expected: "sizes that fit in memory"),
        Case("{\(entry("x", 0, 4))}", data: 4, "x of shape [2] in bytes 0..<4", expected: "8 bytes of F32"),
        Case("{\(entry("x", 8, 0))}", data: 8, "x of shape [2] in bytes 8..<0", expected: "8 bytes of F32"),
        Case("{\(entry("x", -8, 0))}", data: 8, "x of shape [2] in bytes -8..<0", expected: "8 bytes of F32"),
    ]

    static let layout: [Case] = [
        Case(
            "{\(entry("a", 0, 8)),\(entry("b", 4, 12))}", data: 12, "b at byte 4 of the data",
            expected: "8, where the one before ends"),
        Case(
            "{\(entry("a", 0, 8)),\(entry("b", 0, 8))}", data: 8, "b at byte 0 of the data",
            expected: "8, where the one before ends"),
        Case(
            "{\(entry("a", 0, 8)),\(entry("b", 12, 20))}", data: 20, "b at byte 12 of the data",
            expected: "8, where the one before ends"),
        Case("{\(entry("x", 4, 12))}", data: 12, "x at byte 4 of the data", expected: "0, where the one before ends"),
        Case("{\(entry())}", data: 7, "7 bytes of data", expected: "8, as the header says"),
        Case("{\(entry())}", data: 9, "9 bytes of data", expected: "8, as the header says"),
        Case("{}", data: 1, "1 bytes of data", expected: "0, as the header says"),
    ]

    @Test("A header that breaks the format is refused with what is wrong", arguments: structure + values + layout)
    func header(_ malformed: Case) throws {
        try withTemporaryFolder { folder in
            let path = try write(header: malformed.header, data: malformed.data, in: folder)
            #expect(throws: CheckpointError.malformed(file: path, found: malformed.found, expected: malformed.expected))
            {
                try SafetensorsFile(path)
            }
        }
    }

    @Test("A file too short for a header is refused", arguments: 0..<8)
    func short(count: Int) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/short.safetensors"
            try Data(repeating: 0, count: count).write(to: URL(fileURLWithPath: path))
            let expected = "at least 8, the length of a safetensors header"
            #expect(throws: CheckpointError.malformed(file: path, found: "\(count) bytes", expected: expected)) {
                try SafetensorsFile(path)
            }
        }
    }

    @Test("A header longer than the file is refused", arguments: [3, 1 << 40, UInt64.max])
    func absurdLength(claimed: UInt64) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/absurd.safetensors"
            try (withUnsafeBytes(of: claimed.littleEndian) { Data($0) } + Data("{}".utf8)).write(
                to: URL(fileURLWithPath: path))
            let found = "a header of \(claimed) bytes in a file of 10"
            let expected = "a safetensors header within the file"
            #expect(throws: CheckpointError.malformed(file: path, found: found, expected: expected)) {
                try SafetensorsFile(path)
            }
        }
    }

    @Test("A real file cut anywhere is refused, never read in part")
    func truncation() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: golden("every-type")))
        try withTemporaryFolder { folder in
            let path = "\(folder)/cut.safetensors"
            for count in stride(from: 0, to: whole.count, by: 13) {
                try whole.prefix(count).write(to: URL(fileURLWithPath: path))
                #expect(throws: CheckpointError.self, "\(count) bytes") { try SafetensorsFile(path) }
            }
        }
    }

    @Test("A missing file and a folder cannot be read")
    func unreadable() throws {
        try withTemporaryFolder { folder in
            let missing = CheckpointError.unreadable(file: "\(folder)/none", reason: "No such file or directory")
            #expect(throws: missing) { try SafetensorsFile("\(folder)/none") }
            #expect(missing.description == "\(folder)/none cannot be read: No such file or directory")
            #expect(throws: CheckpointError.unreadable(file: folder, reason: "it is not a regular file")) {
                try SafetensorsFile(folder)
            }
        }
    }
}
