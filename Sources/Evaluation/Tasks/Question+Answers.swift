import Datasets

extension Question {
    /// `question` and `answer`, whose last line is `#### 42`.
    static func gsm8k(_ line: JSONLine, _ template: QuestionSet.Template) throws -> Question {
        let (text, answer) = (try line.text("question"), try line.text("answer"))
        guard let expected = GSM8KAnswer.extract(answer) else {
            throw line.invalid("an answer without a number", "#### 42")
        }
        let prompt = template.prompt(PromptTemplate.prompt(question: text), instruction: text)
        return Question(id: "gsm8k/\(line.number - 1)", prompt: prompt) { completion in
            let found = GSM8KAnswer.extract(completion)
            return Verdict(isRight: found == expected, note: found)
        }
    }

    /// `problem` and `solution`, which holds a `\boxed` answer.
    static func math(_ line: JSONLine, _ template: QuestionSet.Template) throws -> Question {
        let (text, solution) = (try line.text("problem"), try line.text("solution"))
        guard let expected = MATHAnswer.extract(solution) else {
            throw line.invalid("a solution without an answer", "\\boxed{…}")
        }
        let prompt = template.prompt("Problem: \(text)\nSolution:", instruction: text)
        return Question(id: "math/\(line.number - 1)", prompt: prompt) { completion in
            let found = MATHAnswer.extract(completion)
            return Verdict(isRight: found.map { MATHAnswer.isEquivalent($0, expected) } ?? false, note: found)
        }
    }
}

extension JSONLine {
    func invalid(_ found: String, _ expected: String) -> EvaluationError {
        .invalidRecord(file: file, line: number, found: found, expected: expected)
    }
}
