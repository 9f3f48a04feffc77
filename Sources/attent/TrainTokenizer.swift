import ArgumentParser
import Datasets
import Foundation
import Tokenizers
import Training

struct TrainTokenizer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Trains a SentencePiece tokenizer on texts, for a language model that begins from scratch.",
        discussion: """
            Its ids 0, 1 and 2 are unknown, the beginning and the end of a text; each digit is a piece of its own, and a \
            character without a piece becomes its bytes, as in Llama 2.
            """)

    @Argument(help: "Texts; .json and .jsonl files are read as records.", completion: .file())
    var files: [String]

    @Option(help: "The tokenizer.model file to write, which must not exist.", completion: .file())
    var out: String

    @Option(help: "The number of ids, special tokens and 256 bytes among them.")
    var vocabulary = 4096

    @Option(help: "How a text becomes pieces: bpe or unigram.")
    var model = SentencePieceTraining.Model.bytePair

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard vocabulary > 259 else {
            throw ValidationError("--vocabulary is \(vocabulary), expected above 259: the bytes and special tokens.")
        }
    }

    func run() throws {
        guard !FileManager.default.fileExists(atPath: out) else {
            throw TrainingError.mismatch(what: "--out", found: "\(out), which exists", expected: "a new file's name")
        }
        let lines = try files.flatMap(Self.lines)
        let tokenizer = try SentencePieceTokenizer.train(on: lines, .init(model: model, vocabularySize: vocabulary))
        try tokenizer.save(to: URL(fileURLWithPath: out))
        try output.show([("tokenizer", .text(out)), ("pieces", .number(Double(tokenizer.vocabularySize)))]) {
            "Wrote a tokenizer of \(tokenizer.vocabularySize) pieces to \(out)"
        }
    }

    private static func lines(_ file: String) throws -> [String] {
        let isRecords = ["json", "jsonl"].contains(URL(fileURLWithPath: file).pathExtension)
        let texts = isRecords ? try TextRecords(file).texts : [try TextFile(file).text]
        return texts.flatMap { $0.split(whereSeparator: \.isNewline).map(String.init) }
    }
}

extension SentencePieceTraining.Model: ExpressibleByArgument {}
