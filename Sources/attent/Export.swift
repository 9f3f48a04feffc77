import ArgumentParser
import Torch
import Training

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a language run as a Hugging Face folder, or as a PEFT adapter where it trained one.")

    @Argument(help: "The run's folder.", completion: .directory)
    var folder: String

    @Option(help: "The output folder, which must not exist.")
    var out: String

    @Option(help: "The step of the checkpoint to use [default: the newest].")
    var step: Int?

    @Option(help: "The type of a whole model's weights [default: float32].")
    var dtype: WeightType?

    @OptionGroup var output: OutputOptions

    func run() throws {
        let product = try LanguageModelExport.write(run: folder, step: step, as: dtype?.dtype, to: out)
        let name = product == .model ? "model" : "adapter"
        try output.show([(name, .text(out))]) { "Wrote \(name == "model" ? "a" : "an") \(name) to \(out)" }
    }
}

/// What weights are stored as.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
    case float32, bfloat16, float16

    var dtype: DType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}
