import Foundation
import Torch
import Training

struct UsageError: Error, CustomStringConvertible { let description: String }

/// Our side of the comparison that `compare.py` makes: one command a line on standard input, one JSON object a line in
/// answer.
///
///     llm-bench DATA SCRATCH [LEVER...]
///
/// What is named after the folders speeds fine-tuning up and is switched off for the whole process: see ``Lever``.
@main
struct LanguageBenchmark {
    private let data, scratch: String
    private let levers: Set<Lever>
    private var tuning: FineTuning?
    private var head: Head?
    private var packing: Packing?
    private var generator: TextGenerator?

    static func main() {
        do {
            let arguments = CommandLine.arguments
            guard arguments.count >= 3 else {
                throw UsageError(description: "expected llm-bench DATA SCRATCH [LEVER...]")
            }
            let off = try arguments[3...].map { name in
                guard let lever = Lever(rawValue: name) else { throw UsageError(description: "\(name) is no lever") }
                return lever
            }
            Engine.threadCount = 1
            let levers = Set(Lever.allCases).subtracting(off)
            if levers.contains(.memory) { Engine.keepFreedMemory() }
            var benchmark = LanguageBenchmark(data: arguments[1], scratch: arguments[2], levers: levers)
            while let line = readLine() {
                let pass = try benchmark.answer(to: line.split(separator: " ").map(String.init))
                // Unbuffered, so that the reader need not wait.
                FileHandle.standardOutput.write(try JSONEncoder().encode(pass) + Data("\n".utf8))
            }
        } catch {
            FileHandle.standardError.write(Data("llm-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private init(data: String, scratch: String, levers: Set<Lever>) {
        (self.data, self.scratch, self.levers) = (data, scratch, levers)
    }

    private mutating func answer(to words: [String]) throws -> Pass {
        switch (words.first, words.count) {
        case ("tune", 4):
            guard let precision = Precision(rawValue: words[3]) else { break }
            return try prepare(words[1], withAdapters: words[2] == "lora", precision)
        case ("step", 2): return try made(tuning, "tune").step(Int(words[1]) ?? 0)
        case ("prepare-head", 1):
            head = try Head()
            try head?.write(to: "\(scratch)/head.safetensors")
            return Pass()
        case ("head", 1): return try made(head, "prepare-head").run()
        case ("pack", 2):
            guard let layout = Packing.Layout(rawValue: words[1]) else { break }
            if packing == nil { packing = try Packing(data: data) }
            return try made(packing, "pack").run(layout)
        case ("generate", 2): return try generate(Int(words[1]) ?? 0)
        default: break
        }
        throw UsageError(description: "\(words.joined(separator: " ")) is unknown")
    }

    private func made<Part>(_ part: Part?, _ command: String) throws -> Part {
        guard let part else { throw UsageError(description: "\(command) has to come first") }
        return part
    }

    private mutating func prepare(_ name: String, withAdapters: Bool, _ precision: Precision) throws -> Pass {
        guard let workload = Workload(rawValue: name) else { throw UsageError(description: "\(name) is no workload") }
        let tuning = try FineTuning(
            workload, data: data, withAdapters: withAdapters, precision: precision, levers: levers)
        try tuning.write(to: "\(scratch)/\(name)")
        self.tuning = tuning
        var pass = Pass()
        pass.precision = tuning.precision.rawValue
        return pass
    }

    /// The likeliest story of so many tokens.
    private mutating func generate(_ count: Int) throws -> Pass {
        let folder = "\(data)/stories260k"
        let generator =
            try self.generator
            ?? TextGenerator("\(folder)/stories260K.bin", tokenizer: "\(folder)/tok512.bin")
        self.generator = generator
        var tokens: [Int32] = []
        var pass = try Pass {
            try Double(
                generator.generate([1], TokenSampler(), maximumTokens: count) { token in
                    tokens.append(token)
                    return true
                })
        }
        pass.tokens = tokens
        return pass
    }
}
