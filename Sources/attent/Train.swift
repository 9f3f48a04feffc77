import ArgumentParser
import Reporting
import Training

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a learner as a recipe says.",
        discussion: "'attent recipes' lists the bundled recipes; 'attent compare' tells what a teacher is worth.")

    @OptionGroup var options: RecipeOptions
    @OptionGroup var live: LiveOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let experiment = try Recipe(named: options.recipe, overrides: options.overrides).experiment().reportingSkipped()
        let path = options.folder(for: experiment.recipe.name)
        let session = try RunSession.create(experiment, at: path, quiet: output.isSilent)
        let server = try live.start(path)
        try session.finish(until: .onTermination(), output)
        server?.awaitLastVisit()
    }
}

extension RunSession {
    /// Runs and prints what a user wants to know at the end.
    func finish(until stop: StopSignal, _ output: OutputOptions) throws {
        guard let record = try run(until: stop) else { throw interruption(of: folder.path) }
        try writeReport(record)
        let metrics = record.summary.metrics
        try output.show([
            ("folder", .text(folder.path)), ("report", .text(folder.report)), ("metrics", .metrics(metrics)),
            ("seconds", .number(record.summary.seconds)),
            ("examples_taught", .number(Double(record.summary.examplesTaught))),
        ]) { "\(lines(of: metrics))\nReport: \(folder.report)" }
    }
}
