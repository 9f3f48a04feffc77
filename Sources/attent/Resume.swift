import ArgumentParser
import Foundation
import Reporting
import Training

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes up a stopped run or comparison; it ends as if it had never been stopped.")

    @Argument(help: "The folder of the run or comparison.", completion: .directory)
    var folder: String

    @Flag(
        help: ArgumentHelp(
            "Takes part in a comparison that another process makes: takes runs that nobody has begun, while there are any.",
            discussion: "For comparisons by the processor's clock; the report is written by the other process."))
    var join = false

    @OptionGroup var live: LiveOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let server = try live.start(folder)
        try finish()
        server?.awaitLastVisit()
    }

    private func finish() throws {
        if ComparisonSession.exists(at: folder) {
            try Ranks.refuse("a comparison")
            guard !join else { return try takePart() }
            let session = try ComparisonSession.open(at: folder, quiet: output.isSilent)
            return try session.finish(until: .onTermination(), output)
        }
        guard !join else {
            throw TrainingError.notARun(path: folder, reason: "it holds no comparison.json, which --join asks for")
        }
        let stop = StopSignal.onTermination()
        try Ranks.launched().leavingWithReason { ranks in
            let run = try RunFolder.open(folder)
            let isComplete = try run.readSummary() != nil
            if isComplete, FileManager.default.fileExists(atPath: run.report) {
                throw TrainingError.notARun(path: folder, reason: "it is complete already")
            }
            let experiment = try Recipe(file: run.recipe).experiment(among: ranks)
            let session = try RunSession.open(experiment, at: folder, quiet: output.isSilent, among: ranks)
            // A run that was killed between its summary and its report lacks nothing but the report.
            if isComplete {
                if ranks.isFirst { try session.publish(RunRecord(metricsLog: run.metrics), output) }
                return
            }
            try session.finish(until: stop, output, among: ranks)
        }
    }

    private func takePart() throws {
        let session = try ComparisonSession.open(at: folder, quiet: output.isSilent, joining: true)
        guard let count = try session.join(until: .onTermination()) else { throw interruption(of: folder) }
        try output.show([("folder", .text(folder)), ("runs", .number(Double(count)))]) {
            "Made \(count) of the runs of \(folder)"
        }
    }
}
