import Datasets
import Foundation
import Testing

@testable import Evaluation

private func withFile(_ lines: [String], _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "attent-\(UUID().uuidString).jsonl"
    try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

@Suite("Tasks of answers") struct AnswerTaskTests {
    private func verdict(_ task: QuestionSet.Task, _ line: String, _ completion: String) throws -> Verdict {
        var verdict: Verdict?
        try withFile([line]) { path in
            let questions = try QuestionSet(task, file: path, sandbox: Sandbox.available())
            verdict = try questions.questions[0].judge(completion)
        }
        return try #require(verdict)
    }

    @Test("completions are judged by their final answer") func judging() throws {
        let sum = #"{"question": "2 + 2?", "answer": "2 + 2 = 4\n#### 4"}"#
        #expect(try verdict(.gsm8k, sum, " It is 4.\n#### 4") == Verdict(isRight: true, note: "4"))
        #expect(try verdict(.gsm8k, sum, " 5") == Verdict(isRight: false, note: "5"))
        #expect(try verdict(.gsm8k, sum, " who knows") == Verdict(isRight: false))
        let half = #"{"problem": "1/2?", "solution": "It is $\\boxed{\\frac{1}{2}}$."}"#
        #expect(try verdict(.math, half, "$\\boxed{0.5}$") == Verdict(isRight: true, note: "0.5"))
        #expect(try !verdict(.math, half, "none").isRight)
    }

    @Test("a question is put as its file is learnt from, or as an instruction") func prompts() throws {
        try withFile([
            #"{"question": "2 + 2?", "answer": "So #### 4"}"#, "", #"{"question": "1?", "answer": "So #### 1"}"#,
        ]) {
            let plain = try QuestionSet(.gsm8k, file: $0, sandbox: Sandbox.available())
            #expect(plain.questions.map(\.prompt) == ["Question: 2 + 2?\nAnswer:", "Question: 1?\nAnswer:"])
            #expect(plain.questions.map(\.id) == ["gsm8k/0", "gsm8k/2"])
            let records = try TextRecords($0).records
            #expect(records[0].record == .exchange(prompt: plain.questions[0].prompt, response: " So #### 4"))
            let alpaca = try QuestionSet(.gsm8k, file: $0, template: .alpaca, limit: 1, sandbox: Sandbox.available())
            #expect(alpaca.questions.count == 1)
            #expect(alpaca.questions[0].prompt.contains("## Instruction:\n2 + 2?\n\n### Response:"))
            let none = try QuestionSet(.gsm8k, file: $0, limit: -1, sandbox: Sandbox.available())
            #expect(none.questions.isEmpty)
        }
    }

    @Test(
        "a record that is no question is named with its line",
        arguments: [
            (#"{"question": "a"}"#, "2: found the keys question, expected answer"),
            (#"{"question": 3, "answer": "1"}"#, "2: found a question that is no text"),
            (#"{"question": "a", "answer": "none"}"#, "2: found an answer without a number"),
            ("nonsense", "2: found something else"),
        ])
    func errors(line: String, message: String) throws {
        try withFile([#"{"question": "2 + 2?", "answer": "So #### 4"}"#, line]) { path in
            let error = #expect(throws: (any Error).self) {
                try QuestionSet(.gsm8k, file: path, sandbox: Sandbox.available())
            }
            #expect(error.map { "\($0)".contains(message) } == true, "\(error.map { "\($0)" } ?? "")")
        }
    }

    @Test("metrics are means of pass@k, and accuracy where answers are no programs") func metrics() throws {
        try withFile([#"{"question": "2 + 2?", "answer": "So #### 4"}"#]) { path in
            let questions = try QuestionSet(.gsm8k, file: path, sandbox: Sandbox.available())
            #expect(
                Evaluator(questions).metrics(right: [1, 0, 0, 1]) == ["gsm8k/accuracy": 0.5, "gsm8k/questions": 4])
            let ten = Evaluator(questions, samples: 10).metrics(right: [5, 0])
            #expect(ten == ["gsm8k/accuracy": 0.25, "gsm8k/pass@10": 0.5, "gsm8k/questions": 2])
        }
    }
}

@Suite("Tasks of programs", .serialized, .enabled(if: !sandboxes.isEmpty, "neither bubblewrap nor unshare works here"))
struct CodeTaskTests {
    private let head = "from math import floor\n\n\ndef half(x):\n    \"\"\" Half of x, rounded down. \"\"\"\n"

    private func humanEval() throws -> QuestionSet {
        let record = [
            "task_id": "Test/0", "prompt": head, "entry_point": "half",
            "test": "def check(candidate):\n    assert candidate(5) == 2\n    assert candidate(-1) == -1\n",
        ]
        let line = String(decoding: try JSONSerialization.data(withJSONObject: record), as: UTF8.self)
        var set: QuestionSet?
        try withFile([line]) { set = try QuestionSet(.humaneval, file: $0, sandbox: Sandbox.available()) }
        return try #require(set)
    }

    @Test("a function is gone on with, or given whole in a fence") func forms() throws {
        let question = try humanEval().questions[0]
        #expect(question.id == "Test/0")
        for right in [
            "    return floor(x / 2)\n", "```python\ndef half(x):\n    return floor(x / 2)\n```\nThat is it.",
            "def half(x):\n    return x // 2\n", "Here:\n```\n    return x // 2\n```",
        ] {
            #expect(try question.judge(right) == Verdict(isRight: true), "\(right)")
        }
        for wrong in ["    return x / 2\n", "    return (\n", "", "    import sys\n    sys.exit(0)\n"] {
            #expect(try !question.judge(wrong).isRight, "\(wrong)")
        }
        #expect(try question.judge("    return 0\n").note?.contains("AssertionError") == true)
    }

    /// Every eighth: the whole file takes eight times as long.
    @Test(
        "HumanEval's canonical solutions pass, and empty ones do not",
        .enabled(
            if: DataFiles.path("humaneval/HumanEval.jsonl.gz") != nil,
            "the data folder holds no humaneval/HumanEval.jsonl.gz"))
    func canonical() throws {
        let path = try #require(DataFiles.path("humaneval/HumanEval.jsonl.gz"))
        let questions = try QuestionSet(.humaneval, file: path, sandbox: Sandbox.available()).questions
        let solutions = try JSONLine.all(in: path).map { try $0.text("canonical_solution") }
        #expect(questions.count == 164)
        for index in stride(from: 0, to: 164, by: 8) {
            #expect(try questions[index].judge(solutions[index]) == Verdict(isRight: true), "\(questions[index].id)")
        }
        #expect(try !questions[0].judge("    pass\n").isRight)
    }

    @Test(
        "MBPP's own code passes its tests, and another's does not",
        .enabled(if: DataFiles.path("mbpp/mbpp_test.jsonl") != nil, "the data folder holds no mbpp/mbpp_test.jsonl"))
    func mbpp() throws {
        let path = try #require(DataFiles.path("mbpp/mbpp_test.jsonl"))
        let questions = try QuestionSet(.mbpp, file: path, sandbox: Sandbox.available()).questions
        let code = try JSONLine.all(in: path).map { try $0.text("code") }
        #expect(questions.count == 500)
        #expect(questions[0].id == "mbpp/11")
        for index in stride(from: 0, to: 500, by: 50) {
            #expect(try questions[index].judge(code[index]) == Verdict(isRight: true), "\(questions[index].id)")
            #expect(try !questions[index].judge(code[(index + 1) % 500]).isRight, "\(questions[index].id)")
        }
    }
}
