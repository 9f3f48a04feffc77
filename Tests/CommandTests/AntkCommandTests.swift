import Foundation
import Testing

extension CommandTests {
    @Test("antk writes results and a report and prints figures, and refuses what makes no sense") func antk() throws {
        let out = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: out) }
        let run = try attent("antk", "kernel", "--examples", "2", "--widths", "4", "--out", out)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("figure antk.finite_difference.error "))
        for file in ["results.json", "report.html"] {
            #expect(FileManager.default.fileExists(atPath: "\(out)/\(file)"))
        }
        #expect(try attent("antk", "kernel", "--out", out).error.contains("already exists, expected a new one"))
        let (fresh, kernel) = (temporaryPath(), ["antk", "kernel", "--out"])
        for (arguments, status, message) in [
            (["--memory", "1", "--widths", "256"], Int32(1), "restrict the parameters or outputs, or allow more"),
            (["--parameters", "lora"], 1, "no trainable parameter's name contains 'lora'"),
            (["--data", "nowhere.csv"], 1, "nowhere.csv: found nothing there"),
            (["--examples", "100000"], 1, "the number of examples is 100000 in all parts, expected at most 1797"),
            (["--widths", "32,x"], 2, "--widths is 32,x, expected whole numbers"),
            (["--sketch", "64"], 2, "--sketch goes with 'convergence' alone"),
            (["--text", "a.txt"], 2, "--text goes with 'gradients' alone"),
            (["--widths", "32,64"], 2, "expected one number for 'kernel'"),
        ] {
            let result = try attent(kernel + [fresh] + arguments)
            #expect(result.status == status && result.error.contains(message), "\(result.error)")
            #expect(!FileManager.default.fileExists(atPath: fresh))
        }
    }
}
