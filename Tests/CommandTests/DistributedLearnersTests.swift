import Foundation
import Testing

/// What jobs of several processes train beside a classifier of images, and what they refuse.
@Suite("Several ranks: learners and refusals", .serialized) struct DistributedLearnersTests {
    private static let scenes = [
        "data.count=24", "data.test_count=9", "data.image_size=16", "model.image_size=16", "model.hidden_size=16",
        "model.num_hidden_layers=2", "model.num_attention_heads=2", "model.intermediate_size=32",
        "model.num_visible_tokens=10", "model.decoder_hidden_size=8", "model.decoder_num_attention_heads=2",
        "model.decoder_intermediate_size=16", "training.epochs=2", "training.batch_size=7", "evaluation.count=1",
        "evaluation.batch_size=4", "training.precision=fp32", "training.threads=1", "teacher=standard",
    ]

    private static func arguments(_ recipe: String, _ out: String, _ settings: [String]) -> [String] {
        ["train", recipe, "--quiet", "--out", out] + settings.flatMap { ["--set", $0] }
    }

    /// Trains on two ranks.
    private static func train(_ recipe: String, _ out: String, _ settings: [String]) throws {
        for result in try RankProcesses(2, { _ in arguments(recipe, out, settings) }).wait() {
            #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
        }
    }

    @Test("a masked autoencoder and what its encoder is fine-tuned for have the loss curve of one process")
    func scenes() throws {
        let folder = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tuning = ["model.modalities=[rgb]", "model.init_from=\(folder)/pretrained-2"]
        for (name, more) in [
            ("pretrained", ["model.balancing=gradnorm", "teacher=attent", "training.batch_size=5"]),
            ("classes", tuning + ["model.task=classification"]), ("pixels", tuning + ["model.task=segmentation"]),
            ("depth", tuning + ["model.task=depth"]),
        ] {
            let run = try attent(Self.arguments("scenes", "\(folder)/\(name)-1", Self.scenes + more))
            #expect(run.status == 0, "\(run.error)")
            try Self.train("scenes", "\(folder)/\(name)-2", Self.scenes + more)
            let (expected, found) = (losses(in: "\(folder)/\(name)-1"), losses(in: "\(folder)/\(name)-2"))
            #expect(expected.count == found.count && expected.count >= 6)
            for (one, several) in zip(expected, found) { #expect(abs(one - several) < 1e-4 * max(1, abs(one))) }
        }
    }

    @Test("activations that are made again leave the same weights, bit for bit")
    func recomputation() throws {
        let folder = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let small = [
            "data.count=60", "data.test_count=8", "training.epochs=1", "training.batch_size=12", "model.hidden_size=16",
            "model.intermediate_size=24", "model.num_hidden_layers=2", "model.num_attention_heads=2",
            "model.num_key_value_heads=2", "evaluation.count=1", "training.precision=fp32", "training.threads=1",
        ]
        for value in ["false", "true"] {
            let more = ["training.activation_checkpointing=\(value)", "training.micro_batch_size=3"]
            try Self.train("word-problems", "\(folder)/\(value)", small + more)
        }
        let weights = try DistributedCommandTests.weights("\(folder)/true")
        #expect(try weights == DistributedCommandTests.weights("\(folder)/false") && !weights.isEmpty)
    }

    @Test("a learner that comes to nothing ends all ranks with one sentence", arguments: ["stop", "skip", "rollback"])
    func divergence(policy: String) throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let more = [
            "training.non_finite=\(policy)", "training.learning_rate=1e30", "training.gradient_clipping=0",
            "training.batch_size=50", "checkpoints.every_steps=1",
        ]
        let results = try RankProcesses(2) { _ in DistributedCommandTests.arguments(out, more) }.wait()
        for result in results {
            #expect(result.status == 1 && result.error == results[0].error, "\(result.error)")
            let sentence = try #require(result.error.split(separator: "\n").first)
            #expect(sentence.contains("on the examples "))
            #expect(sentence.contains(policy == "stop" ? "or set training.non_finite" : "17th such step in a row"))
        }
    }

    @Test("a refused run leaves no folder, on one rank or two")
    func refusal() throws {
        let out = temporaryPath()
        let settings = Self.scenes + ["model.modalities=[rgb]", "model.task=depth", "model.init_from=\(out)-absent"]
        let alone = try attent(Self.arguments("scenes", out, settings))
        #expect(alone.status == 1 && alone.error.contains("\(out)-absent is not a run"), "\(alone.error)")
        #expect(!FileManager.default.fileExists(atPath: out))
        for result in try RankProcesses(2, { _ in Self.arguments("scenes", out, settings) }).wait() {
            #expect(result.status == 1 && result.error.contains("\(out)-absent is not a run"), "\(result.error)")
        }
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test("other data under the same recipe is refused on every rank with the same sentence")
    func data() throws {
        let (folder, out) = (temporaryPath(), temporaryPath())
        defer { for path in [folder, out] { try? FileManager.default.removeItem(atPath: path) } }
        for (rank, sum) in [(0, "7"), (1, "8")] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(rank)", withIntermediateDirectories: true)
            let records = (0..<8).map { "{\"prompt\": \"3 + \($0) =\", \"completion\": \"\(sum)\"}" }
            try Data(records.joined(separator: "\n").utf8).write(
                to: URL(fileURLWithPath: "\(folder)/\(rank)/sums.jsonl"))
        }
        let recipe = """
            name: sums
            data: {kind: jsonl, path: sums.jsonl, context: 16, test_share: 0.25}
            model: {kind: llama, hidden_size: 8, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 1}
            training: {epochs: 1, batch_size: 2, threads: 1}
            teacher: standard
            """
        try Data(recipe.utf8).write(to: URL(fileURLWithPath: "\(folder)/sums.yaml"))
        let results = try RankProcesses(2, folder: { "\(folder)/\($0)" }) { _ in
            Self.arguments("\(folder)/sums.yaml", out, [])
        }.wait()
        for result in results {
            #expect(result.status == 1 && result.error == results[0].error, "\(result.error)")
            #expect(result.error.hasPrefix("attent: the training data's fingerprint of rank 1 is "))
            #expect(result.error.split(separator: "\n").count == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: out))
    }
}
