import Foundation

@testable import Reporting
@testable import Training

/// Events and records for tests: a made-up run whose numbers follow from its policy and seed.
enum Fixtures {
    static func start(policy: String = "attent", seed: UInt64 = 1, firstStep: Int = 0) -> RunStart {
        RunStart(
            recipe: "digits", policy: policy, seed: seed, exampleCount: 1437, parameterCount: 53_000,
            firstStep: firstStep)
    }

    static func step(_ step: Int, of count: Int = 100, loss: Double = 1.5) -> StepSummary {
        StepSummary(
            step: step, progress: Double(step) / Double(count), loss: loss, learningRate: 1e-3, gradientNorm: 0.7,
            examplesTaught: step * 32, examplesScored: 0, elementShare: 1, seconds: Double(step) * 0.01,
            examplesPerSecond: 3200)
    }

    static func selection(_ step: Int, epoch: Int = 0, ratio: Double = 0.5) -> SelectionSummary {
        SelectionSummary(
            step: step, cycle: epoch, epoch: epoch, ratio: ratio, selectedCount: Int(1437 * ratio),
            scoreQuantiles: [0, 0.1, 0.2, 0.5, 1, 2, 4], scoreCounts: [700, 400, 200, 100, 30, 5, 1, 1],
            selectionSeconds: 0.001, scoringSeconds: 0.01)
    }

    /// One white pixel.
    static let png = Data(
        base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")

    static func exhibition(caption: String = "class 7", picture: Data? = png, least: Int = 3) -> Exhibition {
        func examples(_ numbers: [Int32], times: Int, score: Float) -> [Exhibition.Example] {
            numbers.map { .init(number: $0, timesTaught: times, score: score, caption: caption, picture: picture) }
        }
        return Exhibition(
            step: 4, most: examples([5, 9], times: 12, score: 2.5),
            least: examples([1, 2], times: least, score: 0.125),
            meanTimesTaught: 7.5)
    }

    static func evaluation(_ step: Int, accuracy: Double = 0.9) -> EvaluationSummary {
        EvaluationSummary(
            step: step, progress: Double(step) / 100, seconds: Double(step) * 0.01, metrics: ["val/accuracy": accuracy])
    }

    static func summary(
        seconds: Double = 10, accuracy: Double = 0.95, taught: Int = 3200, isComplete: Bool = true
    ) -> RunSummary {
        RunSummary(
            steps: 100, epochs: 10, examplesTaught: taught, examplesScored: 0, seconds: seconds,
            processorSeconds: seconds * 1.8,
            secondsByPhase: ["forward": seconds * 0.4, "backward": seconds * 0.5, "data": seconds * 0.05],
            metrics: ["test/accuracy": accuracy], isComplete: isComplete)
    }

    static func record(
        _ policy: String, seed: UInt64 = 0, seconds: Double = 10, accuracy: Double = 0.95
    ) -> RunRecord {
        RunRecord(
            start: start(policy: policy, seed: seed), summary: summary(seconds: seconds, accuracy: accuracy),
            steps: (1...100).map { step($0, loss: 2.3 / (1 + Double($0) * 0.05)) },
            selections: (0..<10).map { selection($0 * 10, epoch: $0, ratio: 0.4 + 0.06 * Double($0)) },
            evaluations: (1...10).map { evaluation($0 * 10, accuracy: 0.5 + 0.04 * Double($0)) })
    }

    /// The events of a short run in the order a trainer emits them: two steps, a checkpoint, a selection, and so on.
    static func events(steps: Int = 8) -> [TrainingEvent] {
        var events: [TrainingEvent] = [.started(start())]
        for number in 1...steps {
            if number % 2 == 1 { events.append(.selected(selection(number - 1, epoch: number / 2))) }
            events.append(.stepped(step(number)))
            if number % 2 == 0 {
                events.append(.evaluated(evaluation(number)))
                events.append(.checkpointed(CheckpointSummary(step: number, path: "run/step-\(number)")))
            }
        }
        return events + [.finished(summary())]
    }
}

/// A folder of a test's own, removed with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "reporting-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}
