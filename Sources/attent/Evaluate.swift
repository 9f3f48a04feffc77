import ArgumentParser
import Checkpoints
import Training

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measures a run's quality on the held-out data.")

    @Argument(help: "The run's folder.")
    var folder: String

    @Option(help: "The step of the checkpoint to use [default: the newest].")
    var step: Int?

    func run() throws {
        let run = try RunFolder.open(folder)
        let experiment = try Recipe(file: run.recipe).experiment()
        let checkpoint =
            try step.map { CheckpointFolder(path: "\(folder)/step-\($0)", step: $0) } ?? run.newestCheckpoint()
        let metrics = try experiment.evaluate(checkpoint)
        print("checkpoint \(checkpoint.path)")
        for (metric, value) in metrics.sorted(by: { $0.key < $1.key }) { print("\(metric) \(value)") }
    }
}
