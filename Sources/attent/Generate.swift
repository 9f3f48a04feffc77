import ArgumentParser
import Foundation
import Training

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets a language model go on with a prompt.")

    @Argument(
        help: "A run's folder, a Hugging Face folder, an adapter's folder or a llama2.c .bin file.", completion: .file()
    )
    var model: String

    @Option(help: "What to go on with.")
    var prompt = ""

    @OptionGroup var sampling: SamplingOptions

    @Option(help: "Ends the text before this one, at its first appearance; may be given several times.")
    var stop: [String] = []

    @Option(help: "Tokens at most.")
    var maxTokens = 256

    @Option(help: "The tokenizer's folder or file [default: the one beside the model, or of the run].")
    var tokenizer: String?

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard maxTokens >= 1 else { throw ValidationError("--max-tokens is \(maxTokens), expected at least 1") }
        guard !stop.contains("") else { throw ValidationError("--stop is empty, expected at least one character") }
    }

    func run() throws {
        let generator = try TextGenerator(model, tokenizer: tokenizer, device: device.place)
        var text = ""
        try generator.generate(prompt, sampling.sampler(), maximumTokens: maxTokens, stops: stop) { piece in
            text += piece
            if !output.json { try FileHandle.standardOutput.write(contentsOf: Data(piece.utf8)) }
        }
        try output.show([("prompt", .text(prompt)), ("text", .text(text))]) { "" }
    }
}

/// How every command that generates chooses tokens.
struct SamplingOptions: ParsableArguments {
    @Option(help: "Divides the logits; at 0 the likeliest token is taken.")
    var temperature = 0.0

    @Option(help: "Samples among so many of the likeliest tokens [default: all].")
    var topK: Int?

    @Option(help: "Samples among the likeliest tokens that together reach this probability.")
    var topP = 1.0

    @Option(help: "Equal seeds give equal text.")
    var seed: UInt64 = 0

    func sampler() throws(TrainingError) -> TokenSampler {
        try TokenSampler(temperature: temperature, topK: topK, topP: topP, seed: seed)
    }

    func validate() throws {
        do { _ = try sampler() } catch { throw ValidationError("--\(error)") }
    }
}
