import Foundation

/// The time from the start of the `attent` program to the end of the first training step of a tiny recipe.
struct Startup {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let rowCount = 128

    let program: String
    let startCount: Int

    /// The median of several starts, in seconds by the wall clock.
    func seconds() throws -> Double {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-bench-start-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let data = folder.appendingPathComponent("digits.csv")
        try Self.digits().write(to: data, atomically: true, encoding: .utf8)
        var seconds: [Double] = []
        for start in 0..<startCount {
            seconds.append(try time(data.path, folder.appendingPathComponent("run-\(start)").path))
        }
        return seconds.median
    }

    /// A run over two batches; its log says when a step is done, and is read a thousand times a second.
    private func time(_ data: String, _ output: String) throws -> Double {
        let settings = ["data.path=\(data)", "teacher=standard", "training.epochs=1", "training.threads=1"]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["train", "digits", "--quiet", "--out", output] + settings.flatMap { ["--set", $0] }
        process.standardOutput = FileHandle.nullDevice
        let log = URL(fileURLWithPath: "\(output)/metrics.jsonl")
        let seconds = try Stopwatch.wall.seconds {
            try process.run()
            while process.isRunning, !Self.hasStepped(log) { usleep(1000) }
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0, Self.hasStepped(log) else {
            throw Failure(
                description: "\(program) ended with status \(process.terminationStatus) and "
                    + "\(Self.hasStepped(log) ? "a" : "no") step in its log, expected 0 and one.")
        }
        return seconds
    }

    private static func hasStepped(_ log: URL) -> Bool {
        (try? String(contentsOf: log, encoding: .utf8))?.contains("\"event\":\"step\"") ?? false
    }

    /// Images of 8×8 shades from 0 to 16 and their labels, in scikit-learn's form.
    private static func digits() -> String {
        (0..<rowCount).map { row in
            let shades = (0..<64).map { "\((row * 31 + $0 * 7) % 17)" }
            return (shades + ["\(row % 10)"]).joined(separator: ",")
        }.joined(separator: "\n") + "\n"
    }
}
