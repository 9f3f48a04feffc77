import ArgumentParser
import Training

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draws what a vision run's learner makes of the examples that its teacher picks most and least.")

    @Argument(help: "The run's folder.", completion: .directory)
    var folder: String

    @Option(help: "The picture, a PNG file.", completion: .file(extensions: ["png"]))
    var out: String

    @Option(help: "Examples of each kind, one a row.")
    var count = 6

    @Option(help: "The step of the checkpoint to use [default: the newest].")
    var step: Int?

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count is \(count), expected at least 1") }
    }

    func run() throws {
        let run = try RunFolder.open(folder)
        let experiment = try Recipe(file: run.recipe).experiment(on: device.place).reportingSkipped()
        let inspection = try experiment.inspect(run.checkpoint(step), count: count)
        try inspection.write(to: out)
        try output.show([("picture", .text(out)), ("columns", .list(inspection.columns.map { .text($0) }))]) {
            "\(inspection.legend)\nPicture: \(out)"
        }
    }
}
