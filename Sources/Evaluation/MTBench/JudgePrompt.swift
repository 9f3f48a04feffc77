import Datasets

/// How a judge is asked for a rating: a line of FastChat's `judge_prompts.jsonl`.
public struct JudgePrompt: Sendable, Equatable {
    public let name: String
    public let system: String
    /// Text with `{question}`, `{answer}`, `{question_1}` and so on in it.
    public let template: String

    /// The prompts for single answers, by name.
    public static func all(in path: String) throws -> [String: JudgePrompt] {
        var prompts: [String: JudgePrompt] = [:]
        for line in try JSONLine.all(in: path) where try line.text("type") == "single" {
            let prompt = JudgePrompt(
                name: try line.text("name"), system: try line.text("system_prompt"),
                template: try line.text("prompt_template"))
            guard try line.text("output_format") == "[[rating]]" else {
                throw line.invalid("the output format \(try line.text("output_format"))", "[[rating]]")
            }
            prompts[prompt.name] = prompt
        }
        return prompts
    }

    /// The name of the prompt for a question's turn.
    static func name(for question: ChatQuestion, turn: Int) -> String {
        "single\(question.needsReference ? "-math" : "")-v1\(turn > 1 ? "-multi-turn" : "")"
    }

    /// The template with every `{key}` replaced that has a value; what is put in is not searched again.
    func filled(_ values: [String: String]) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            text += rest[..<open]
            rest = rest[rest.index(after: open)...]
            guard let close = rest.firstIndex(of: "}"), let value = values[String(rest[..<close])] else {
                text += "{"
                continue
            }
            text += value
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    /// The rating in a judgment: the first number in double brackets, else in single ones; nil where there is none.
    static func rating(in judgment: String) -> Double? {
        func first(_ open: String, _ close: String) -> Double? {
            for range in judgment.ranges(of: open) {
                let tail = judgment[range.upperBound...]
                guard let end = tail.firstRange(of: close) else { continue }
                let number = tail[..<end.lowerBound]
                let isPlain = number.first?.isWholeNumber == true && number.allSatisfy { $0.isNumber || $0 == "." }
                if isPlain, let rating = Double(number) { return rating }
            }
            return nil
        }
        return first("[[", "]]") ?? first("[", "]")
    }
}
