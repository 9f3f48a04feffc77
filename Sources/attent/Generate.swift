import ArgumentParser
import Datasets
import Training

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets a language model go on with a prompt.")

    @Argument(
        help: "A run's folder, a Hugging Face folder, an adapter's folder or a llama2.c .bin file.", completion: .file()
    )
    var model: String

    @Option(help: "What to go on with.")
    var prompt = ""

    @Option(help: "Puts the prompt as an instruction into the template that the model learnt [default: as it is].")
    var template: PromptTemplate?

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
        guard template == nil || !prompt.isEmpty else { throw ValidationError("--template goes with --prompt alone") }
    }

    func run() throws {
        let generator = try TextGenerator(model, tokenizer: tokenizer, device: device.place)
        var text = ""
        let sampler = try sampling.sampler()
        try generator.generate(tokens(generator), sampler, maximumTokens: maxTokens, stops: stop) { piece in
            text += piece
            if !output.json { try StandardOutput.write(piece) }
        }
        try output.show([("prompt", .text(prompt)), ("text", .text(text))]) { "" }
    }

    private func tokens(_ generator: TextGenerator) throws -> [Int32] {
        guard let template else { return try generator.tokens(of: prompt) }
        let messages = [
            PromptTemplate.Message(role: .user, content: prompt), .init(role: .assistant, content: ""),
        ]
        return try generator.tokens(of: template.exchanges(messages))
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
