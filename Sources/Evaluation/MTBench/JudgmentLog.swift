import Datasets
import Foundation

/// A file of judgments that grows line by line beside its final name, and gets that once it is whole.
struct JudgmentLog {
    let path: String

    private var partial: String { "\(path).partial" }

    /// The judgments of an interrupted judging, which have to be the first ones of this.
    ///
    /// - Throws: where a judgment belongs to another judging, or the file is there already.
    func kept(_ matches: [ChatJudge.Match], judge: String, model: String) throws -> [ChatJudge.Judgment] {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw EvaluationError.unwritable(path: path, reason: "it exists already")
        }
        guard let data = FileManager.default.contents(atPath: partial) else { return [] }
        // What follows the last line feed is the torn line of a killed judging.
        let end = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? data.startIndex
        if end < data.endIndex { try write { try $0.truncate(atOffset: UInt64(end - data.startIndex)) } }
        var judgments: [ChatJudge.Judgment] = []
        for line in data[..<end].split(separator: UInt8(ascii: "\n")) {
            let match = judgments.count < matches.count ? matches[judgments.count] : nil
            guard let judgment = try? JSONDecoder().decode(ChatJudge.Judgment.self, from: Data(line)), let match,
                judgment.questionID == match.question.id, judgment.turn == match.turn, judgment.model == model,
                judgment.judge == [judge, match.prompt.name], judgment.userPrompt == match.text
            else {
                throw EvaluationError.invalidRecord(
                    file: partial, line: judgments.count + 1, found: "a judgment of something else",
                    expected: "those of this judging, or no such file")
            }
            judgments.append(judgment)
        }
        return judgments
    }

    func append(_ judgment: ChatJudge.Judgment) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(judgment) + [UInt8(ascii: "\n")]
        if !FileManager.default.fileExists(atPath: partial),
            !FileManager.default.createFile(atPath: partial, contents: nil)
        {
            throw EvaluationError.unwritable(path: partial, reason: "the file cannot be made")
        }
        try write {
            try $0.seekToEnd()
            try $0.write(contentsOf: line)
            try $0.synchronize()
        }
    }

    func finish() throws {
        do {
            try FileManager.default.moveItem(atPath: partial, toPath: path)
        } catch {
            throw EvaluationError.unwritable(path: path, reason: error.localizedDescription)
        }
    }

    private func write(_ body: (FileHandle) throws -> Void) throws {
        do {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: partial))
            try body(file)
            try file.close()
        } catch {
            throw EvaluationError.unwritable(path: partial, reason: error.localizedDescription)
        }
    }
}
