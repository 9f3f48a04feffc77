import Testing

@Suite("MT-Bench's commands") struct MTBenchCommandTests {
    @Test(
        "a limit out of range is an error of use",
        arguments: [["answer", "m"], ["judge", "a.jsonl", "--prompts", "p.jsonl"]], [-1, 0])
    func limit(command: [String], limit: Int) throws {
        let result = try attent(["mt-bench"] + command + ["--data", "q.jsonl", "--limit=\(limit)"])
        #expect(result.status == 2)
        #expect(result.error.contains("--limit is \(limit), expected at least 1"), "\(result.error)")
    }
}
