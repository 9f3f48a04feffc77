import Foundation

/// The Python process that runs the same model in PyTorch.
final class Peer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What the peer is told before a comparison.
    struct Settings: Encodable {
        struct Optimizer: Encodable { let rate, decay, clip: Double }
        struct Generation: Encodable { let prompt, tokens: Int }

        let file: String
        let kind: String
        let model: [String: Double]
        let matmul: String
        let bf16, compile: Bool
        let threads: Int
        let clock: String
        let optimizer: Optimizer
        let generation: Generation
    }

    private struct Nothing: Decodable {}
    private struct Peak: Decodable { let bytes: Double }
    private struct Problem: Decodable { let error: String }

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(python: String) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("peer.py")
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    func load(_ settings: Settings) throws {
        let text = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
        let _: Nothing = try ask("load \(text)")
    }
    func step(_ index: Int) throws -> Pass { try ask("step \(index)") }
    func score(_ index: Int) throws -> Pass { try ask("score \(index)") }
    func token(_ index: Int) throws -> Pass { try ask("token \(index)") }
    func peakBytes() throws -> Double { (try ask("peak -") as Peak).bytes }

    /// Ends the process by ending its input.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func ask<Answer: Decodable>(_ command: String) throws -> Answer {
        try input.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8))
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { throw Failure(description: "peer.py ended early on \(command.prefix(60)).") }
            line += part
        }
        if let problem = try? JSONDecoder().decode(Problem.self, from: line) {
            throw Failure(description: "peer.py failed on \(command.prefix(60)): \(problem.error)")
        }
        return try JSONDecoder().decode(Answer.self, from: line)
    }
}
