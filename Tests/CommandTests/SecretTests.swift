import Foundation
import Testing

extension CommandTests {
    @Test("nothing of the environment gets into a run's folder, its output or its errors") func secrets() throws {
        let (out, secret) = (temporaryPath(), "not-for-anyone-\(UUID().uuidString)")
        setenv("ATTENT_TEST_TOKEN", secret, 1)
        defer {
            unsetenv("ATTENT_TEST_TOKEN")
            try? FileManager.default.removeItem(atPath: out)
        }
        let settings = ["training.epochs=1", "data.limit=128", "training.threads=1", "teacher=standard"]
        let run = try attent(["train", "digits", "--out", out] + settings.flatMap { ["--set", $0] })
        #expect(run.status == 0, "\(run.error)")
        #expect(!(run.output + run.error).contains(secret))
        let files = try #require(FileManager.default.enumerator(atPath: out)).compactMap { $0 as? String }
        #expect(files.contains("metrics.jsonl") && files.contains("recipe.yaml"))
        for file in files {
            let content = FileManager.default.contents(atPath: "\(out)/\(file)") ?? Data()
            #expect(content.range(of: Data(secret.utf8)) == nil, "\(file) holds it")
        }
    }
}
