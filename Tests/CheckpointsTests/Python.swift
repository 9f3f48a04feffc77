import Foundation

/// The reference implementation of safetensors, where it is installed.
enum Python {
    static let hasSafetensors = (try? run("import numpy, safetensors.numpy")) != nil

    struct Failure: Error {
        let status: Int32
        let output: String
    }

    /// Runs a script with arguments and returns what it prints.
    static func run(_ script: String, _ arguments: String...) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus, output: output) }
        return output
    }
}
