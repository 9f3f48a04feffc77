import ArgumentParser
import Reporting
import Training

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes up a stopped run or comparison; it ends as if it had never been stopped.")

    @Argument(help: "The folder of the run or comparison.", completion: .directory)
    var folder: String

    @OptionGroup var live: LiveOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let server = try live.start(folder)
        try finish()
        server?.awaitLastVisit()
    }

    private func finish() throws {
        if ComparisonSession.exists(at: folder) {
            let session = try ComparisonSession.open(at: folder, quiet: output.isSilent)
            return try session.finish(until: .onTermination(), output)
        }
        let run = try RunFolder.open(folder)
        if try run.readSummary() != nil { throw TrainingError.notARun(path: folder, reason: "it is complete already") }
        let experiment = try Recipe(file: run.recipe).experiment().reportingSkipped()
        try RunSession.open(experiment, at: folder, quiet: output.isSilent).finish(until: .onTermination(), output)
    }
}
