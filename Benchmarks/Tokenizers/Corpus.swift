import Foundation

/// The texts that are encoded: plays, worked answers to word problems, and code.
struct Corpus {
    private struct Answer: Decodable {
        let answer: String
    }

    private struct Instruction: Decodable {
        let output: String
    }

    let texts: [String]
    let byteCount: Int

    init(data: URL) throws {
        let plays = try String(contentsOf: data.appendingPathComponent("tinyshakespeare/input.txt"), encoding: .utf8)
        let answers = try Data(contentsOf: data.appendingPathComponent("gsm8k/train.jsonl")).split(separator: 0x0A)
        let code = try Data(contentsOf: data.appendingPathComponent("instruct/new_codealpaca.json"))
        let decoder = JSONDecoder()
        texts =
            plays.components(separatedBy: "\n\n")
            + (try answers.map { try decoder.decode(Answer.self, from: $0).answer })
            + (try decoder.decode([Instruction].self, from: code).map(\.output))
        byteCount = texts.reduce(0) { $0 + $1.utf8.count }
    }
}
