import Datasets

extension Question {
    /// A function's head, to be gone on with (HumanEval; Chen et al., arXiv 2107.03374).
    static func humanEval(_ line: JSONLine, _ template: QuestionSet.Template, _ sandbox: Sandbox) throws -> Question {
        let (head, test, name) = (try line.text("prompt"), try line.text("test"), try line.text("entry_point"))
        let instruction = "Complete this Python function:\n\(head)"
        return Question(id: try line.text("task_id"), prompt: template.prompt(head, instruction: instruction)) {
            let code = Program.code(in: $0)
            let program = Program.defines(name, code) ? Program.preamble(of: head) + code : head + code
            return Verdict(try sandbox.run(python: "\(program)\n\(test)\ncheck(\(name))"))
        }
    }

    /// A task in words with three assertions (MBPP; Austin et al., arXiv 2108.07732), put as in that paper.
    static func mbpp(_ line: JSONLine, _ template: QuestionSet.Template, _ sandbox: Sandbox) throws -> Question {
        let (text, tests) = (
            try line.text("text", "prompt"), try line.texts("test_list", "test").joined(separator: "\n")
        )
        let setUp = try ["test_setup_code", "code_setup"].first { line.object[$0] != nil }.map { try line.text($0) }
        let imports = line.object["test_imports"] == nil ? [] : try line.texts("test_imports")
        let request =
            "You are an expert Python programmer, and here is your task: \(text) "
            + "Your code should pass these tests:\n\n\(tests)\n"
        let preparation = ((setUp.map { [$0] } ?? []) + imports).joined(separator: "\n")
        let number = line.object["task_id"].map { "\($0)" } ?? "\(line.number - 1)"
        return Question(id: "mbpp/\(number)", prompt: template.prompt("\(request)[BEGIN]\n", instruction: request)) {
            Verdict(try sandbox.run(python: "\(Program.code(in: $0))\n\(preparation)\n\(tests)"))
        }
    }
}

extension Verdict {
    init(_ outcome: Sandbox.Outcome) {
        switch outcome {
        case .finished: self.init(isRight: true)
        case .failed(let reason): self.init(isRight: false, note: reason)
        }
    }
}

/// What of a model's text is Python.
enum Program {
    /// The first fenced block where there is one, else the whole.
    static func code(in completion: String) -> String {
        let parts = completion.split(separator: "```", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count > 1 else { return completion }
        // The fence's first line may name the language.
        guard let end = parts[1].firstIndex(of: "\n") else { return completion }
        return String(parts[1][parts[1].index(after: end)...])
    }

    /// Whether the code has the function's head itself.
    static func defines(_ name: String, _ code: String) -> Bool {
        code.hasPrefix("def \(name)(") || code.contains("\ndef \(name)(")
    }

    /// What a head imports and defines before its last function.
    static func preamble(of head: String) -> String {
        head.ranges(of: "\ndef ").last.map { "\(head[..<$0.lowerBound])\n" } ?? ""
    }
}
