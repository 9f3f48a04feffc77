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
        let experiment = try Experiment(Recipe(file: RunFolder.open(folder).recipe))
        let checkpoint =
            try step.map { CheckpointFolder(path: "\(folder)/step-\($0)", step: $0) }
            ?? Experiment.newestCheckpoint(of: folder)
        let learner = try experiment.learner(from: checkpoint)
        let metrics = try evaluation(
            of: learner, on: experiment.validation, batchSize: experiment.recipe.evaluation.batchSize)
        print("checkpoint \(checkpoint.path)")
        for (metric, value) in metrics.sorted(by: { $0.key < $1.key }) { print("\(metric) \(value)") }
    }
}
