import ArgumentParser
import Reporting
import Training

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains with several policies over several seeds and compares time and quality.")

    @OptionGroup var options: RecipeOptions

    @Option(
        help: ArgumentHelp(
            "Policies, separated by commas; NAME@BUDGET spends that share of standard training's cost.",
            discussion: "standard@0.7 is standard training shortened to 70 %, the honest rival of what saves 30 %."))
    var policies = "standard,attent,attent-simple,standard@0.7"

    @Option(help: "Seeds a policy.")
    var seeds = 3

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds is \(seeds), expected at least 1") }
    }

    func run() throws {
        let experiment = try Recipe(named: options.recipe, overrides: options.overrides).experiment()
        let plan = ComparisonSession.Plan(
            contenders: try policies.split(separator: ",").map { try Contender(String($0)) }, seeds: seeds)
        let path = options.folder(for: experiment.recipe.name)
        let session = try ComparisonSession.create(experiment, plan, at: path, quiet: options.quiet)
        try session.finish(until: .onTermination())
    }
}

extension ComparisonSession {
    /// Runs and prints the table, where the report is and the figures.
    func finish(until stop: StopSignal) throws {
        guard let records = try run(until: stop) else {
            print("Stopped and saved. Go on with: attent resume \(path)")
            throw interrupted
        }
        let table = try ComparisonTable(records)
        print("\n\(table.consoleText)")
        print("Metrics: \(path)/*/metrics.jsonl")
        print("Report: \(try writeReport(records))")
        for figure in table.figures { print(figure) }
    }
}
