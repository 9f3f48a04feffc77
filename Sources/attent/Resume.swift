import ArgumentParser
import Reporting
import Training

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes up a stopped run or comparison; it ends as if it had never been stopped.")

    @Argument(help: "The folder of the run or comparison.")
    var folder: String

    @Flag(help: "Shows no progress.")
    var quiet = false

    func run() throws {
        if ComparisonSession.exists(at: folder) {
            try Ranks.refuse("a comparison")
            return try ComparisonSession.open(at: folder, quiet: quiet).finish(until: .onTermination())
        }
        let stop = StopSignal.onTermination()
        try Ranks.launched().leavingWithReason { ranks in
            let run = try RunFolder.open(folder)
            if try run.readSummary() != nil {
                throw TrainingError.notARun(path: folder, reason: "it is complete already")
            }
            let experiment = try Recipe(file: run.recipe).experiment(among: ranks)
            try RunSession.open(experiment, at: folder, quiet: quiet, among: ranks).finish(until: stop, among: ranks)
        }
    }
}
