import ArgumentParser
import Reporting
import Teaching
import Training

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains with several policies over several seeds and compares time and quality.")

    @OptionGroup var options: RecipeOptions
    @OptionGroup var live: LiveOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Policies, separated by commas: NAME[-bBATCH][-lrRATE][-wWARMUP][@BUDGET], a budget being a share of standard's cost.",
            discussion: """
                standard@0.7 is standard training shortened to 70 %, the honest rival of what saves 30 %; standard-b16 \
                is the rival of what makes more steps of the same time; attent-plus-b128-lr1e-3-w0.1 has a batch, a \
                learning rate and a warm-up of its own, others have the recipe's. The policy that is the recipe's teacher has the \
                recipe's settings; others have those of their preset.
                """),
        completion: .list(Policy.presetNames))
    var policies = "standard,attent,attent-simple,attent-plus,standard@0.7,standard@0.4"

    @Option(
        help: ArgumentHelp(
            "'table' runs every policy once a seed; 'time-to-quality' runs each at every budget, NAME@BUDGET at that one alone.",
            valueName: "table|time-to-quality"))
    var `protocol` = ComparisonSession.Plan.Kind.table

    @Option(help: "Budgets for time-to-quality, as shares of standard training's cost; standard needs 1.")
    var budgets = "0.4,0.6,0.8,1"

    @Option(
        help: ArgumentHelp(
            "What time-to-quality takes for time.",
            discussion:
                "On a machine shared with other programs 'processor' is the fairer clock for runs on one thread.",
            valueName: "wall|processor"))
    var clock = TimeToQuality.Clock.wall

    @Option(help: "Seeds a policy.")
    var seeds = 3

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds is \(seeds), expected at least 1") }
        guard policies.contains(where: { $0 != "," }) else { throw ValidationError("--policies names none") }
    }

    private func contenders(_ teacher: Policy) throws -> [Contender] {
        let names = policies.split(separator: ",").map(String.init)
        return switch `protocol` {
        case .table: try Contender.table(names, teacher: teacher)
        case .timeToQuality:
            try Contender.overBudgets(names, budgets.split(separator: ",").map(String.init), teacher: teacher)
        }
    }

    func run() throws {
        try Ranks.refuse("attent compare")
        let experiment = try Recipe(named: options.recipe, overrides: options.settings).experiment().reportingSkipped()
        let plan = ComparisonSession.Plan(
            kind: `protocol`, contenders: try contenders(experiment.recipe.teacher), seeds: seeds, clock: clock)
        let path = options.folder(for: experiment.recipe.name)
        let session = try ComparisonSession.create(experiment, plan, at: path, quiet: output.isSilent)
        let server = try live.startAnew(path)
        try session.finish(until: .onTermination(), output)
        server?.awaitLastVisit()
    }
}

extension ComparisonSession.Plan.Kind: ExpressibleByArgument {}
extension TimeToQuality.Clock: ExpressibleByArgument {}

extension ComparisonSession {
    /// Runs and prints the table, where the report is and the figures.
    func finish(until stop: StopSignal, _ output: OutputOptions) throws {
        guard let outcome = try run(until: stop) else { throw interruption(of: path) }
        let figures = outcome.figures.compactMap { line -> (String, OutputOptions.Value)? in
            // A name may hold spaces.
            let words = line.split(separator: " ")
            guard words.count > 2, let value = words.last else { return nil }
            return (words[1..<words.count - 1].joined(separator: " "), Double(value).map { .number($0) } ?? "none")
        }
        try output.show([
            ("folder", .text(path)), ("report", .text(outcome.report)), ("figures", .object(figures)),
        ]) {
            (["\n\(outcome.table)", "Metrics: \(path)/*/metrics.jsonl", "Report: \(outcome.report)"] + outcome.figures)
                .joined(separator: "\n")
        }
    }
}
