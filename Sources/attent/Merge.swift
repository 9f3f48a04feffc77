import ArgumentParser
import Training

struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Adds a low-rank adapter to its base model and writes a plain Hugging Face folder.")

    @Argument(help: "A PEFT adapter's folder, or a run that trained one.", completion: .directory)
    var adapter: String

    @Option(help: "The output folder, which must not exist.")
    var out: String

    @Option(
        help: "The base model: a Hugging Face folder, a run or a llama2.c .bin file [default: as the adapter says].")
    var base: String?

    @Option(help: "The type of the weights [default: the base's own].")
    var dtype: WeightType?

    @OptionGroup var output: OutputOptions

    func run() throws {
        try LanguageModelExport.merge(adapter, into: base, as: dtype?.dtype, to: out)
        try output.show([("model", .text(out))]) { "Wrote a model to \(out)" }
    }
}
