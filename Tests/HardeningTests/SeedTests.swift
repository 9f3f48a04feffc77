import Foundation
import TestSupport
import Testing

@Suite("Seeds of the fuzzer") struct SeedTests {
    struct Seed: Decodable {
        var text: String?
        var base64: String?
        var bytes: Data { text.map { Data($0.utf8) } ?? Data(base64Encoded: base64 ?? "") ?? Data() }
    }

    @Test("images are PNGs and JPEGs, and each can be read") func images() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try Data(contentsOf: root.appendingPathComponent("Fuzzing/seeds.json"))
        let seeds = try #require(try JSONDecoder().decode([String: [Seed]].self, from: data)["image"])
        let parser = try #require(Parser.all["image"])
        try withTemporaryFolder { folder in
            for seed in seeds {
                let path = "\(folder)/\(parser.fileName)"
                try seed.bytes.write(to: URL(fileURLWithPath: path))
                try parser.read(path)
            }
        }
        #expect(seeds.count { $0.bytes.starts(with: [0xff, 0xd8, 0xff]) } == 2)
        #expect(seeds.count { $0.bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) } == 4)
    }
}
