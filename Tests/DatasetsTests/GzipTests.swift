import Foundation
import Testing

@testable import Datasets

@Suite struct GzipTests {
    @Test(
        "what was compressed comes back, whatever its size",
        arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 300_000])
    func roundTrip(length: Int) throws {
        var generator = SeededGenerator(seed: UInt64(length))
        let bytes: [UInt8] = (0..<length).map { _ in generator.next() & 15 }
        #expect(try Gzip.decompress(Data(gzip(bytes)), file: "a.gz") == Data(bytes))
    }

    @Test("the members of a file are joined")
    func members() throws {
        #expect(try Gzip.decompress(Data(gzip([1, 2]) + gzip([]) + gzip([3])), file: "a.gz") == Data([1, 2, 3]))
    }

    @Test("truncated and damaged files are refused in one sentence")
    func messages() throws {
        let folder = try TemporaryFolder()
        let whole = try gzip(Array("what was compressed".utf8))
        for length in 0..<whole.count {
            #expect(
                folder.message { try Gzip.decompress(Data(whole.prefix(length)), file: "a.gz") }
                    == "a.gz: found a truncated file of \(length) bytes, expected a complete gzip file")
        }
        var damaged = whole
        damaged[whole.count - 5] ^= 1
        #expect(
            folder.message { try Gzip.decompress(Data(damaged), file: "a.gz") }
                == "a.gz: found corrupt data (incorrect data check), expected a valid gzip file")
        #expect(
            folder.message { try Gzip.decompress(Data(whole + [1, 2, 3, 4]), file: "a.gz") }
                == "a.gz: found corrupt data (incorrect header check), expected a valid gzip file")
    }
}
