import Foundation
import Torch

/// Our side of the comparison that `compare.py` makes: one command a line on standard input, one JSON object a line in
/// answer.
@main
enum VisionBenchmark {
    static func main() {
        do {
            try serve()
        } catch {
            FileHandle.standardError.write(Data("vision-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func serve() throws {
        Engine.threadCount = 1
        Engine.keepFreedMemory()
        let encoder = try EncoderStep()
        while let line = readLine() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch (words.first, words.count) {
            case ("weights", 2):
                try encoder.write(to: words[1])
                answer(Pass(seconds: 0, processor: 0, value: 0))
            case ("step", 1): answer(try encoder.run())
            case ("load", 2): answer(try LoaderPass.run(words[1]))
            default: throw UsageError(description: "\(line) is unknown, expected weights FILE, step or load FOLDER")
            }
        }
    }

    private struct UsageError: Error, CustomStringConvertible { let description: String }

    /// Unbuffered, so that the reader need not wait.
    private static func answer(_ pass: Pass) {
        FileHandle.standardOutput.write(
            Data(
                "{\"seconds\": \(pass.seconds), \"processor\": \(pass.processor), \"value\": \(pass.value)}\n".utf8))
    }
}

/// What one timed call took on the wall and of the processor, and what it came to.
struct Pass {
    let seconds, processor: Double
    let value: Double

    init(seconds: Double, processor: Double, value: Double) {
        (self.seconds, self.processor, self.value) = (seconds, processor, value)
    }

    /// Times `body`.
    init(_ body: () throws -> Double) rethrows {
        let (start, processorStart) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
        value = try body()
        (seconds, processor) = (
            Self.now(CLOCK_MONOTONIC) - start, Self.now(CLOCK_PROCESS_CPUTIME_ID) - processorStart
        )
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
