import Foundation

/// What one pass over the corpus took and gave.
struct Pass {
    let seconds: Double
    let tokens: Int
    let checksum: Int
}

/// The Python process that encodes the same texts with the reference libraries.
final class Peer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(python: String, data: URL, texts: URL) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("peer.py")
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, script.path, data.path, texts.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Lets the peer make one pass with `kind`, `spm` or `bpe`.
    func pass(_ kind: String) throws -> Pass {
        try input.fileHandleForWriting.write(contentsOf: Data("\(kind)\n".utf8))
        let line = try readLine()
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count == 3, let seconds = Double(fields[0]), let tokens = Int(fields[1]),
            let checksum = Int(fields[2])
        else { throw Failure(description: "peer.py answered \(line.debugDescription) to \(kind).") }
        return Pass(seconds: seconds, tokens: tokens, checksum: checksum)
    }

    private func readLine() throws -> String {
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { throw Failure(description: "peer.py ended early.") }
            line += part
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Ends the process by ending its input.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
