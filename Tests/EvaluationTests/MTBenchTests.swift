import Foundation
import Testing

@testable import Evaluation

@Suite("MT-Bench", .serialized) struct MTBenchTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "attent-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func write(_ lines: String..., to path: String) throws -> String {
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func questions(_ folder: String) throws -> [ChatQuestion] {
        try ChatQuestion.all(
            in: write(
                #"{"question_id": 81, "category": "writing", "turns": ["Write.", "Again {answer}."]}"#,
                #"{"question_id": 111, "category": "math", "turns": ["1+1?", "2+2?"], "reference": ["2", "4"]}"#,
                to: "\(folder)/question.jsonl"))
    }

    private func prompts(_ folder: String) throws -> [String: JudgePrompt] {
        func line(_ name: String, _ template: String) -> String {
            #"{"name": "\#(name)", "type": "single", "system_prompt": "S", "prompt_template": "\#(template)", "#
                + #""output_format": "[[rating]]"}"#
        }
        return try JudgePrompt.all(
            in: write(
                #"{"name": "pair-v2", "type": "pairwise"}"#, line("single-v1", "{question} -> {answer}"),
                line("single-math-v1", "{ref_answer_1}: {question} -> {answer}"),
                line("single-v1-multi-turn", "{question_1} {answer_1} {question_2} {answer_2}"),
                line("single-math-v1-multi-turn", "{ref_answer_2}: {question_2} -> {answer_2}"),
                to: "\(folder)/judge_prompts.jsonl"))
    }

    @Test(
        "a rating is the first number in double brackets, else in single ones",
        arguments: [
            ("Rating: [[7]]", 7), ("so [[8.5]] it is, not [[2]]", 8.5), ("[3] then [[x]] then [[6]]", 6), ("[9]", 9),
            ("[[ten]]", nil), ("", nil), ("[[", nil), ("[[nan]]", nil), ("[[-1]]", nil),
        ] as [(String, Double?)])
    func rating(judgment: String, expected: Double?) {
        #expect(JudgePrompt.rating(in: judgment) == expected)
    }

    @Test("a template takes its values once, and keeps braces that name none") func template() {
        let prompt = JudgePrompt(name: "p", system: "", template: "{a} {b} {c} {{a}} {")
        #expect(prompt.filled(["a": "{b}", "b": "2"]) == "{b} 2 {c} {{b}} {")
    }

    @Test("every turn is rated with its category's prompt, and the means are taken") func judging() throws {
        try withFolder { folder in
            let stub = try #require(try ChatStub(log: "\(folder)/log"), "python3 is needed for a local server")
            var endpoint = try ChatEndpoint(stub.address, model: "judge", key: "secret")
            endpoint.delays = [0.01]
            let judge = ChatJudge(endpoint, prompts: try prompts(folder))
            let answers = [81: ["says 4", "says 6"], 111: ["says 9", "nothing"]]
            let out = "\(folder)/judgment.jsonl"
            let metrics = try judge.judge(questions(folder), answers, model: "tiny", writingTo: out)
            #expect(metrics["mt-bench/turn_1"] == 6.5 && metrics["mt-bench/turn_2"] == 6)
            #expect(metrics["mt-bench/writing"] == 5 && metrics["mt-bench/math"] == 9)
            #expect(metrics["mt-bench/score"] == 19.0 / 3 && metrics["mt-bench/unrated"] == 1)
            let requests = try stub.requests()
            #expect(requests.allSatisfy { $0.path == "/v1/chat/completions" && $0.authorization == "Bearer secret" })
            #expect(
                requests.map { $0.texts[1] } == [
                    "Write. -> says 4", "Write. says 4 Again {answer}. says 6", "2: 1+1? -> says 9",
                    "4: 2+2? -> nothing",
                ])
            let last = try #require(
                String(contentsOfFile: out, encoding: .utf8).split(separator: "\n").last.map { Data($0.utf8) })
            let judgment = try JSONDecoder().decode(ChatJudge.Judgment.self, from: last)
            #expect(judgment.judge == ["judge", "single-math-v1-multi-turn"] && judgment.score == -1)
            #expect(judgment.questionID == 111 && judgment.turn == 2 && judgment.model == "tiny")
            #expect(!FileManager.default.fileExists(atPath: "\(out).partial"))
        }
    }

    @Test("an interrupted judging goes on where it was, and asks for nothing twice") func resumption() throws {
        try withFolder { folder in
            let stub = try #require(try ChatStub(log: "\(folder)/log"), "python3 is needed for a local server")
            var endpoint = try ChatEndpoint(stub.address, model: "judge", key: nil)
            endpoint.delays = [0.01]
            let judge = ChatJudge(endpoint, prompts: try prompts(folder))
            let out = "\(folder)/judgment.jsonl"
            let questions = try questions(folder)
            #expect(throws: EvaluationError.self) {
                try judge.judge(
                    questions, [81: ["says 4", "says 6"], 111: ["forbidden", "says 2"]], model: "tiny", writingTo: out)
            }
            #expect(try stub.requests().count == 2 && !FileManager.default.fileExists(atPath: out))
            let torn = try FileHandle(forUpdating: URL(fileURLWithPath: "\(out).partial"))
            try torn.seekToEnd()
            try torn.write(contentsOf: Data("{\"question_id\": 1".utf8))
            try torn.close()
            let answers = [81: ["says 4", "says 6"], 111: ["says 8", "says 2"]]
            #expect(try judge.judge(questions, answers, model: "tiny", writingTo: out)["mt-bench/score"] == 5)
            let requests = try stub.requests()
            #expect(requests.count == 4 && requests.allSatisfy { $0.authorization == nil })
            #expect(throws: EvaluationError.unwritable(path: out, reason: "it exists already")) {
                try judge.judge(questions, answers, model: "tiny", writingTo: out)
            }
        }
    }

    @Test("what cannot be judged is named") func errors() throws {
        try withFolder { folder in
            let judge = ChatJudge(
                try ChatEndpoint("http://127.0.0.1:9/v1", model: "judge", key: nil), prompts: try prompts(folder))
            let questions = try questions(folder)
            func message(_ answers: [Int: [String]], _ references: [Int: [String]] = [:]) -> String? {
                do {
                    _ = try judge.judge(
                        questions, answers, references: references, model: "m", writingTo: "\(folder)/out")
                    return nil
                } catch { return "\(error)" }
            }
            #expect(message([81: ["a", "b"]]) == "question 111: found 0 answers, expected 2")
            #expect(
                message([81: ["a", "b"], 111: ["a", "b"]], [111: ["one"]])
                    == "question 111: found 1 reference answers, expected 2, as answers in math are judged beside one")
            #expect(throws: EvaluationError.self) { try ChatEndpoint("ftp://x", model: "m", key: nil) }
            let bad = try write(#"{"question_id": "x", "category": "c", "turns": ["t"]}"#, to: "\(folder)/bad")
            #expect(
                throws: EvaluationError.invalidRecord(
                    file: bad, line: 1, found: "a question_id that is no whole number", expected: "a whole number")
            ) { try ChatQuestion.all(in: bad) }
        }
    }
}
