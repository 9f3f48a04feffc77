import ArgumentParser
import Foundation
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
        let stop = StopSignal.onTermination()
        try Ranks.launched().leavingWithReason { ranks in
            let recipe = try Recipe(named: options.recipe, overrides: options.settings)
            let experiment = try recipe.experiment(among: ranks)
            let path = try options.folder(for: experiment.recipe.name, among: ranks)
            let session = try session(experiment, at: path, among: ranks)
            let server =
                try ranks.isFirst ? (ranks.restartCount > 0 ? live.start(path) : live.startAnew(path)) : nil
            try session.finish(until: stop, output, among: ranks)
            server?.awaitLastVisit()
        }
    }

    /// A new run; one that the launcher starts anew goes on where it was.
    private func session(_ experiment: any Experiment, at path: String, among ranks: Ranks) throws -> RunSession {
        guard ranks.restartCount > 0 else {
            return try RunSession.create(experiment, at: path, quiet: output.isSilent, among: ranks)
        }
        let recipe = RunFolder(path: path).recipe
        let precisions = try ranks.onFirst {
            FileManager.default.fileExists(atPath: recipe) ? try Recipe(file: recipe).precisions : ""
        }
        return precisions.isEmpty
            ? try RunSession.create(experiment, at: path, quiet: output.isSilent, among: ranks)
            : try RunSession.open(
                experiment.computing(in: precisions), at: path, quiet: output.isSilent, among: ranks)
    }
}

extension Recipe {
    /// The experiment, once all ranks are known to have the same recipe and data.
    func experiment(among ranks: Ranks) throws -> any Experiment {
        let experiment = try placed(among: ranks).experiment().reportingSkipped()
        try ranks.agree(on: self, fingerprint: ranks.rankCount > 1 ? experiment.fingerprint : 0)
        try experiment.recipe.connect(ranks)
        let precisions = try ranks.onFirst { experiment.recipe.precisions }
        return ranks.rankCount > 1 ? experiment.computing(in: precisions) : experiment
    }

    /// How numbers are computed. What `auto` comes to is measured, and might differ from rank to rank and from day to day.
    fileprivate var precisions: String {
        [training.precision, training.scoringPrecision].compactMap { $0?.rawValue }.joined(separator: " ")
    }
}

extension Experiment {
    fileprivate func computing(in precisions: String) -> any Experiment {
        let values = precisions.split(separator: " ").compactMap { Precision(rawValue: String($0)) }
        var recipe = recipe
        recipe.training.precision = values.first ?? recipe.training.precision
        recipe.training.scoringPrecision = values.dropFirst().first
        return with(recipe)
    }
}

extension Ranks {
    /// Refuses to be one of several ranks.
    static func refuse(_ what: String) throws {
        guard let environment = try RankEnvironment(ProcessInfo.processInfo.environment) else { return }
        throw RankError.variable(
            name: "WORLD_SIZE", found: "\(environment.rankCount)", expected: "1, since \(what) runs in one process")
    }

    /// Runs `body`; where it fails on this rank, the others get to know why.
    func leavingWithReason(_ body: (Ranks) throws -> Void) throws {
        do {
            try body(self)
        } catch let error as ExitCode {
            throw error
        } catch {
            switch error as? RankError {
            // All have ended so, or know in what they differ.
            case .ended?, .mismatch?: break
            default: leave(because: error)
            }
            throw error
        }
    }
}

extension RunSession {
    /// Runs and prints what a user wants to know at the end.
    func finish(until stop: StopSignal, _ output: OutputOptions, among ranks: Ranks = .alone) throws {
        guard let record = try run(until: stop) else {
            guard ranks.isFirst else { return }
            throw interruption(of: folder.path)
        }
        try publish(record, output)
    }

    func publish(_ record: RunRecord, _ output: OutputOptions) throws {
        try writeReport(record)
        let metrics = record.summary.metrics
        try output.show([
            ("folder", .text(folder.path)), ("report", .text(folder.report)), ("metrics", .metrics(metrics)),
            ("seconds", .number(record.summary.seconds)),
            ("examples_taught", .number(Double(record.summary.examplesTaught))),
        ]) { "\(lines(of: metrics))\nReport: \(folder.report)" }
    }
}
