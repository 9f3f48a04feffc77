import Foundation
import Tokenizers

/// Encoding speed against pip's `tokenizers` and `sentencepiece`, turn by turn in one run, each on one thread and with
/// a newly loaded tokenizer for each pass.
///
///     tokenizer-bench [DATA] [PYTHON] [ROUNDS]
@main
struct TokenizerBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        let data = URL(fileURLWithPath: arguments.count > 1 ? arguments[1] : "../shared/data")
        let python = arguments.count > 2 ? arguments[2] : "python3"
        let rounds = arguments.count > 3 ? Int(arguments[3]) ?? 7 : 7
        let corpus = try Corpus(data: data)
        let texts = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
        try JSONEncoder().encode(corpus.texts).write(to: texts)
        defer { try? FileManager.default.removeItem(at: texts) }
        let peer = try Peer(python: python, data: data, texts: texts)
        let folder = data.appendingPathComponent("tokenizers")
        print("\(corpus.texts.count) texts, \(corpus.byteCount) bytes, \(rounds) rounds")
        try compare("spm", rounds, corpus, peer) {
            try SentencePieceTokenizer(contentsOf: folder.appendingPathComponent("llama2-tokenizer.model"))
        }
        try compare("bpe", rounds, corpus, peer) {
            try BytePairTokenizer(
                encoder: folder.appendingPathComponent("encoder.json"),
                merges: folder.appendingPathComponent("vocab.bpe"))
        }
        try peer.stop()
    }

    private static func compare(
        _ kind: String, _ rounds: Int, _ corpus: Corpus, _ peer: Peer, load: () throws -> any Tokenizer
    ) throws {
        var ours: [Double] = []
        var theirs: [Double] = []
        for _ in 0..<rounds {
            let mine = try pass(over: corpus, with: load())
            let reference = try peer.pass(kind)
            guard (mine.tokens, mine.checksum) == (reference.tokens, reference.checksum) else {
                throw Peer.Failure(
                    description: "\(kind): our \(mine.tokens) tokens are not the reference's \(reference.tokens).")
            }
            ours.append(mine.seconds)
            theirs.append(reference.seconds)
        }
        let megabytes = Double(corpus.byteCount) / 1e6
        let speeds = (ours: megabytes / median(ours), theirs: megabytes / median(theirs))
        print(String(format: "%@: ours %.1f MB/s, reference %.1f MB/s", kind, speeds.ours, speeds.theirs))
        print(String(format: "figure tokenizer.%@.vs_reference %.3f", kind, speeds.ours / speeds.theirs))
    }

    private static func pass(over corpus: Corpus, with tokenizer: any Tokenizer) throws -> Pass {
        var encoded: [[Int32]] = []
        let time = try ContinuousClock().measure {
            encoded = try corpus.texts.map { try tokenizer.encode($0, addingSpecialTokens: false) }
        }
        return Pass(
            seconds: time / .seconds(1), tokens: encoded.reduce(0) { $0 + $1.count },
            checksum: encoded.reduce(0) { $1.reduce($0) { $0 + Int($1) } })
    }

    private static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }
}
