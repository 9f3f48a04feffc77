import Foundation
import Testing

@testable import Teaching

/// A new folder, removed after use.
func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("teaching-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
}

func files(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

@Suite struct ColumnTests {
    /// Beyond one stretch of filling, and no whole number of them.
    static let count = 300_001

    @Test("a column that cannot be filled is an error, and its memory is given back once", arguments: [false, true])
    func unfilled(isMapped: Bool) throws {
        let expected = TeachingError.corruptState(found: "less", expected: "all")
        func failure(in folder: String?) -> TeachingError? {
            do throws(TeachingError) {
                _ = try Column<Float>(count: 1000, folder: folder) { (_) throws(TeachingError) in throw expected }
                return nil
            } catch { return error }
        }
        try withFolder { folder in
            for _ in 0..<100 { #expect(failure(in: isMapped ? folder : nil) == expected) }
            let left = try files(in: folder)
            #expect(left.isEmpty)
        }
    }

    @Test("a column holds its values, in memory and mapped, and a mapped one leaves no name", arguments: [false, true])
    func values(isMapped: Bool) throws {
        try withFolder { folder in
            var column = try Column<Float>(repeating: 2.5, count: Self.count, folder: isMapped ? folder : nil)
            #expect(column.count == Self.count && column.allSatisfy { $0 == 2.5 })
            for index in [0, 7, 262_143, 262_144, Self.count - 1] { column[index] = Float(index) }
            #expect(column[262_144] == 262_144 && column[262_145] == 2.5 && column.last == Float(Self.count - 1))
            #expect(column.withContiguousStorageIfAvailable { $0.count } == Self.count)
            #expect(try files(in: folder).isEmpty)
            let empty = try Column<UInt8>(repeating: 0, count: 0, folder: isMapped ? folder : nil)
            #expect(empty.isEmpty)
        }
    }

    @Test("a copy that is changed leaves the original as it was, and the other way round", arguments: [false, true])
    func copies(isMapped: Bool) throws {
        try withFolder { folder in
            var original = try Column<UInt16>(repeating: 1, count: Self.count, folder: isMapped ? folder : nil)
            original[5] = 9
            var copy = original
            #expect(copy == original)
            copy[5] = 10
            original[6] = 11
            #expect(original[5] == 9 && original[6] == 11 && copy[5] == 10 && copy[6] == 1)
            #expect(copy[Self.count - 1] == 1 && copy != original)
        }
    }

    @Test("a mapped column is copied into memory where its folder is gone")
    func withoutFolder() throws {
        var copies: [Column<Float>] = []
        try withFolder { copies = Array(repeating: try Column(repeating: 1, count: 10, folder: $0), count: 2) }
        copies[0][3] = 4
        #expect(copies[0][3] == 4 && copies[1][3] == 1 && copies[0][9] == 1)
    }

    @Test("columns of equal bits are equal, unknown scores too")
    func equality() throws {
        let unknown = try Column<Float>(repeating: .nan, count: 3)
        #expect(try unknown == Column<Float>(repeating: .nan, count: 3))
        #expect(try unknown != Column<Float>(repeating: .nan, count: 4))
        #expect(try unknown != Column<Float>(repeating: 0, count: 3))
    }

    @Test("a folder that cannot take the values is an error that names it")
    func unusableFolder() throws {
        try withFolder { folder in
            let missing = folder + "/missing"
            #expect(throws: TeachingError.unwritable(path: missing, reason: "No such file or directory")) {
                try Column<Float>(repeating: 0, count: 10, folder: missing)
            }
            #expect(throws: TeachingError.unwritable(path: missing, reason: "No such file or directory")) {
                try Teacher(policy: .attentPlus, exampleCount: 10, epochs: 2, seed: 0, scratch: missing)
            }
        }
    }
}
