import ArgumentParser
import Foundation
import Training

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets a language model go on with a prompt.")

    @Argument(help: "A run's folder, a Hugging Face folder or a llama2.c .bin file.")
    var model: String

    @Option(help: "What to go on with.")
    var prompt = ""

    @Option(help: "Divides the logits; at 0 the likeliest token is taken.")
    var temperature = 0.0

    @Option(help: "Samples among so many of the likeliest tokens [default: all].")
    var topK: Int?

    @Option(help: "Samples among the likeliest tokens that together reach this probability.")
    var topP = 1.0

    @Option(help: "Tokens at most.")
    var maxTokens = 256

    @Option(help: "Equal seeds give equal text.")
    var seed: UInt64 = 0

    @Option(help: "The tokenizer's folder or file [default: the one beside the model, or of the run].")
    var tokenizer: String?

    func run() throws {
        let sampler = try TokenSampler(temperature: temperature, topK: topK, topP: topP, seed: seed)
        let generator = try TextGenerator(model, tokenizer: tokenizer)
        try generator.generate(prompt, sampler, maximumTokens: maxTokens) { piece in
            try FileHandle.standardOutput.write(contentsOf: Data(piece.utf8))
        }
        print()
    }
}
