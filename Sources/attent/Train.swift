import ArgumentParser
import Reporting
import Training

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Trains a learner as a recipe says.")

    @OptionGroup var options: RecipeOptions

    func run() throws {
        let experiment = try Recipe(named: options.recipe, overrides: options.overrides).experiment().reportingSkipped()
        let path = options.folder(for: experiment.recipe.name)
        let session = try RunSession.create(experiment, at: path, quiet: options.quiet)
        try session.finish(until: .onTermination())
    }
}

extension RunSession {
    /// Runs and prints what a user wants to know at the end.
    func finish(until stop: StopSignal) throws {
        guard let record = try run(until: stop) else {
            print("Stopped and saved. Go on with: attent resume \(folder.path)")
            throw interrupted
        }
        try publish(record)
    }

    func publish(_ record: RunRecord) throws {
        try writeReport(record)
        for (metric, value) in record.summary.metrics.sorted(by: { $0.key < $1.key }) { print("\(metric) \(value)") }
        print("Report: \(folder.report)")
    }
}
