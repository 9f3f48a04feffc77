import Datasets
import Foundation
import Testing

@testable import Training

/// A folder with what the documentation's readers are taken to have, all of it tiny: texts, records, images and models.
struct DocumentedWorld {
    let folder: String

    init(_ folder: String) throws {
        self.folder = folder
        for name in ["Examples", ".native"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/\(name)", withDestinationPath: "\(repository)/\(name)")
        }
        try writeTexts()
        try writeImages()
        try writeStories()
        try makeLlama()
    }

    private func write(_ data: Data, _ name: String) throws {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    private func write(_ lines: [String], _ name: String) throws {
        try write(Data(lines.map { $0 + "\n" }.joined().utf8), name)
    }

    private func writeTexts() throws {
        let lines = (0..<200).map { "Ana has \($0) pens and gives \($0 / 2) of them to Ben." }
        for name in ["input.txt", "held-out.txt"] { try write(lines, name) }
        let problems = lines.enumerated().map { #"{"question": "\#($1)", "answer": "He has some.\n#### \#($0 / 2)"}"# }
        try write(problems, "train.jsonl")
        try write(Array(problems.prefix(8)), "test.jsonl")
        try write(lines.map { #"{"instruction": "\#($0)", "output": "Fine."}"# }, "instructions.jsonl")
        try write(
            [#"{"question_id": 81, "category": "writing", "turns": ["Say a word.", "Another."]}"#], "question.jsonl")
    }

    /// Ten classes of noise, as folders; streets of noise with the classes of their pixels.
    private func writeImages() throws {
        var shade: UInt8 = 0
        for (part, number) in [("train", 0), ("train", 1), ("train", 2), ("train", 3), ("test", 0)] {
            let size = ImageSize(height: 24, width: 32)
            let colors = (0..<24 * 32 * 3).map { UInt8($0 * 7 % 251) }
            let classes = (0..<24 * 32).map { UInt8(($0 + number) % 12) }
            for (folder, color, samples) in [("rgb", ColorModel.rgb, colors), ("semseg", .gray, classes)] {
                let image = Raster(size: size, color: color, samples: samples)
                try write(try ImageCodec.encodePNG(image), "camvid/\(part)/\(folder)/\(number).png")
            }
        }
        for (part, count) in [("train", 4), ("test", 1)] {
            for label in 0..<10 {
                for number in 0..<count {
                    let samples = (0..<32 * 32 * 3).map { _ in
                        shade = shade &* 5 &+ 17
                        return shade
                    }
                    let image = Raster(size: ImageSize(height: 32, width: 32), color: .rgb, samples: samples)
                    for root in ["cifar10/\(part)", "images/\(part)", "cifar10-1000/\(part)/rgb"] {
                        try write(try ImageCodec.encodePNG(image), "\(root)/\(label)/\(number).png")
                    }
                }
            }
        }
    }

    /// A model and a tokenizer in the layout of llama2.c, random weights and single characters.
    private func writeStories() throws {
        func bytes(_ values: some Sequence<some BitwiseCopyable>) -> Data {
            values.reduce(into: Data()) { data, value in withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
        }
        let special = ["<unk>", "\n<s>\n", "\n</s>\n"] + (0..<256).map { String(format: "<0x%02X>", $0) }
        let pieces = special + (32..<127).map { String(UnicodeScalar(UInt8($0))) }
        let tokens = pieces.reduce(bytes([UInt32(8)])) {
            $0 + bytes([Float(0)]) + bytes([UInt32($1.utf8.count)]) + Data($1.utf8)
        }
        try write(tokens, "stories260k/tok512.bin")
        let (width, inner, layers, heads, context) = (8, 12, 2, 2, 128)
        let perLayer = 2 * width + 4 * width * width + 3 * width * inner
        let count = pieces.count * width + layers * perLayer + width + context * width / heads
        let sizes = [width, inner, layers, heads, heads, pieces.count, context].map { Int32($0) }
        let weights = (0..<count).map { Float($0 * 40503 % 65536) / 65536 - 0.5 }
        try write(bytes(sizes) + bytes(weights), "stories260k/stories260K.bin")
    }

    /// A Hugging Face folder with a SentencePiece tokenizer.
    private func makeLlama() throws {
        try run(["tokenizer", "train.jsonl", "--vocabulary", "300", "--out", "llama.model"])
        let settings =
            TinyRuns.settings + TinyRuns.model.map { "model.\($0)" } + [
                "model.max_position_embeddings=256", "data.tokenizer=llama.model",
            ]
        try run(["train", "word-problems", "--quiet", "--out", "llama"] + settings.flatMap { ["--set", $0] })
        try run(["export", "llama", "--out", "Llama-2-7b-hf"])
    }

    private func run(_ arguments: [String]) throws {
        let result = try attent(arguments, in: folder)
        try #require(result.status == 0, "\(arguments): \(result.error)")
    }

    /// Takes a run's end away, as though it had been stopped before.
    func interrupt(_ run: String) throws {
        let files = FileManager.default
        for name in ["report.html", "summary.json"] { try files.removeItem(atPath: "\(folder)/\(run)/\(name)") }
        let newest = try RunFolder.open("\(folder)/\(run)").newestCheckpoint()
        try files.removeItem(atPath: newest.path)
    }
}
