import ArgumentParser
import Foundation
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
            let isComplete = try run.readSummary() != nil
            if isComplete, FileManager.default.fileExists(atPath: run.report) {
                throw TrainingError.notARun(path: folder, reason: "it is complete already")
            }
            let experiment = try Recipe(file: run.recipe).experiment(among: ranks)
            let session = try RunSession.open(experiment, at: folder, quiet: quiet, among: ranks)
            // A run that was killed between its summary and its report lacks nothing but the report.
            if isComplete {
                if ranks.isFirst { try session.publish(RunRecord(metricsLog: run.metrics)) }
                return
            }
            try session.finish(until: stop, among: ranks)
        }
    }
}
