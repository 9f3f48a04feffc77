import Foundation
import Testing

@testable import Reporting
@testable import Training

@Suite struct TensorBoardTests {
    @Test("CRC-32C gives the known answers of RFC 3720")
    func checksums() {
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(0..<32) == 0x46DD_794E)
        #expect(CRC32C.checksum([]) == 0)
    }

    @Test("Varints, doubles and strings are encoded as the protobuf guide shows")
    func protobuf() {
        var message = ProtobufMessage()
        message.append(Int64(150), field: 1)
        message.append("testing", field: 2)
        #expect(message.bytes == [0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
        var negative = ProtobufMessage()
        negative.append(Int64(-1), field: 1)
        #expect(negative.bytes == [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
    }

    @Test("Every record of the file frames its payload with both checksums")
    func frames() throws {
        let folder = try TemporaryFolder()
        let log = try TensorBoardLog(folder: folder.path, now: { 1_700_000_000 })
        for event in Fixtures.events() { try log.observe(event) }
        let payloads = try Self.payloads(path: log.path)
        // The version; a selection's scalars and histogram; a step's and an evaluation's scalars.
        #expect(payloads.count == 1 + 4 * 2 + 8 + 4)
        #expect(String(decoding: payloads[0], as: UTF8.self).hasSuffix("brain.Event:2"))
        #expect((log.path as NSString).lastPathComponent.hasPrefix("events.out.tfevents.1700000000."))
    }

    @Test("Pictures keep their bytes and their size, texts their words, under the tags that TensorBoard looks for")
    func examples() throws {
        let folder = try TemporaryFolder()
        let log = try TensorBoardLog(folder: folder.path, now: { 1 })
        try log.observe(.exhibited(Fixtures.exhibition()))
        try log.observe(.exhibited(Fixtures.exhibition(caption: "2 + 2", picture: nil)))
        let payloads = try Self.payloads(path: log.path).map { Data($0) }
        #expect(payloads.count == 5)
        let png = try #require(Fixtures.png)
        // Height, width and channels, each 1, then the bytes.
        let image = Data([0x08, 1, 0x10, 1, 0x18, 1, 0x22, UInt8(png.count)]) + png
        #expect(payloads[1].range(of: image) != nil)
        #expect(payloads[1].range(of: Data("examples/most_taught/image/1".utf8)) != nil)
        // A tensor of type DT_STRING and shape [2].
        #expect(payloads[3].range(of: Data([0x08, 7, 0x12, 4, 0x12, 2, 0x08, 2, 0x42])) != nil)
        #expect(payloads[3].range(of: Data("taught 12 times:\n\n    2 + 2".utf8)) != nil)
    }

    @Test("Counts over equal stretches become their buckets")
    func counts() throws {
        let histogram = try #require(Histogram(counts: [3, 0, 1], from: 1, to: 4))
        #expect(histogram.limits == [1, 2, 3, 4] && histogram.counts == [0, 3, 0, 1])
        #expect(histogram.count == 4 && histogram.sum == 3 * 1.5 + 3.5)
        let single = try #require(Histogram(counts: [5], from: 2, to: 2))
        #expect(single.sum == 10 && single.counts == [0, 5])
        #expect(Histogram(counts: [], from: 0, to: 1) == nil)
        #expect(Histogram(counts: [1], from: nil, to: 1) == nil)
    }

    @Test("A second log of one second and process gets a name of its own")
    func names() throws {
        let folder = try TemporaryFolder()
        let logs = try (0..<3).map { _ in try TensorBoardLog(folder: folder.path, now: { 5 }).path }
        #expect(Set(logs).count == 3)
    }

    @Test("A histogram counts every finite value once, in rising buckets")
    func histogram() throws {
        var generator = SplitMix64(state: 3)
        let values = (0..<1000).map { _ in Float.random(in: -2...5, using: &generator) } + [.nan, .infinity]
        let histogram = try #require(Histogram(of: values))
        #expect(histogram.counts.reduce(0, +) == 1000 && histogram.count == 1000)
        #expect(zip(histogram.limits, histogram.limits.dropFirst()).allSatisfy { $0 < $1 })
        #expect(histogram.counts.count == histogram.limits.count)
        let finite = values.filter(\.isFinite).map(Double.init)
        #expect(histogram.minimum == finite.min() && histogram.maximum == finite.max())
        #expect(histogram.limits.last == histogram.maximum)
        #expect(abs(histogram.sum - finite.reduce(0, +)) < 1e-6)
        #expect(Histogram(of: [.nan]) == nil)
        #expect(try #require(Histogram(of: [3, 3])).counts == [0, 2])
    }

    @Test("Quantiles become buckets that hold their shares; coinciding ones share a bucket")
    func quantiles() throws {
        let histogram = try #require(Histogram(quantiles: [0, 0, 0, 1, 2, 3, 4], count: 100))
        #expect(histogram.limits == [0, 1, 2, 3, 4])
        #expect(histogram.counts.map { $0.rounded() } == [25, 25, 25, 15, 10])
        #expect(Histogram(quantiles: [], count: 100) == nil)
        #expect(Histogram(quantiles: [0, 1, 2, 3, 4, 5, .nan], count: 100) == nil)
    }

    @Test(
        "TensorBoard's own reader finds the scalars and the histogram, a resumed run's old steps discarded",
        .enabled(if: Self.hasTensorBoard, "python3 cannot import tensorboard (pip install tensorboard)"))
    func tensorBoard() throws {
        let folder = try TemporaryFolder()
        let first = try TensorBoardLog(folder: folder.path, now: { 10 })
        for event in Fixtures.events() { try first.observe(event) }
        try first.observe(.exhibited(Fixtures.exhibition()))
        try first.observe(.exhibited(Fixtures.exhibition(caption: "2 + 2", picture: nil)))
        let second = try TensorBoardLog(folder: folder.path, now: { 20 })
        try second.observe(.started(Fixtures.start(firstStep: 6)))
        try second.observe(.stepped(Fixtures.step(7, loss: 0.25)))
        let script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            log = EventAccumulator(sys.argv[1])
            log.Reload()
            scores = log.Histograms("teacher/scores")[0].histogram_value
            print(json.dumps({
                "loss": [[e.step, e.value] for e in log.Scalars("train/loss")],
                "accuracy": [e.step for e in log.Scalars("val/accuracy")],
                "picture": [[e.step, e.width, e.height] for e in log.Images("examples/most_taught/image/0")],
                "text": [s.decode() for s in
                         log.Tensors("examples/least_taught/text_summary")[0].tensor_proto.string_val],
                "plugin": log.SummaryMetadata("examples/least_taught/text_summary").plugin_data.plugin_name,
                "scores": [scores.min, scores.max, scores.num, len(scores.bucket), len(scores.bucket_limit)],
            }))
            """
        let output = try #require(Self.python(["-c", script, folder.path]))
        let found = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
        let losses = try #require(found["loss"] as? [[Double]])
        #expect(losses == (1...6).map { [Double($0), 1.5] } + [[7, 0.25]])
        #expect(found["accuracy"] as? [Int] == [2, 4, 6])
        #expect(found["scores"] as? [Double] == [0, 4, 1437, 9, 9])
        #expect(found["picture"] as? [[Int]] == [[4, 1, 1]])
        #expect(found["text"] as? [String] == Array(repeating: "taught 3 times:\n\n    2 + 2", count: 2))
        #expect(found["plugin"] as? String == "text")
    }

    /// The payloads of a TFRecord file; its checksums are checked on the way.
    private static func payloads(path: String) throws -> [[UInt8]] {
        var rest = ArraySlice(try Data(contentsOf: URL(fileURLWithPath: path)))
        func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        func take(_ count: Int) throws -> ArraySlice<UInt8> {
            try #require(rest.count >= count)
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        var payloads: [[UInt8]] = []
        while !rest.isEmpty {
            let length = try take(8)
            #expect(integer(try take(4)) == UInt64(CRC32C.masked(length)))
            let payload = try take(Int(integer(length)))
            #expect(integer(try take(4)) == UInt64(CRC32C.masked(payload)))
            payloads.append(Array(payload))
        }
        return payloads
    }

    private static let hasTensorBoard =
        python(["-c", "import tensorboard.backend.event_processing.event_accumulator"]) != nil

    /// What python3 prints; nil where it is missing or fails.
    private static func python(_ arguments: [String]) -> Data? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil, let data = try? output.fileHandleForReading.readToEnd() ?? Data() else {
            return nil
        }
        process.waitUntilExit()
        return process.terminationStatus == 0 ? data : nil
    }
}
